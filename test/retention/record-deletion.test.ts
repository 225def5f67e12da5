import { DescribeImagesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { ManualClock } from '@golden-pipeline/shared/testing/manual-clock';
import { mockClient } from 'aws-sdk-client-mock';
import { expect, it } from 'vitest';
import type { JournaledChange } from '../../src/engine/step.ts';
import type { ReleaseRecord } from '../../src/ledger/types.ts';
import { recordOwnDeletions } from '../../src/retention/record-deletion.ts';

type Context = Parameters<typeof recordOwnDeletions>[0];

const release = (version: string, deletedAt?: string) =>
  ({ version, image: { imageId: `ami-${version}`, region: 'eu-west-1', name: version, deletedAt } }) as ReleaseRecord;

/** What is recorded by a run that has deregistered an image of each release, of which some are still there. */
async function recorded(releases: ReleaseRecord[], there: string[]): Promise<string[]> {
  const ec2 = mockClient(EC2Client);
  ec2.on(DescribeImagesCommand).callsFake(({ ImageIds = [] }: { ImageIds?: string[] }) => ({
    Images: ImageIds.filter((id) => there.includes(id)).map((ImageId) => ({ ImageId, State: 'available' })),
  }));
  const updated: string[] = [];
  const ledger = {
    releases: async () => releases,
    release: async (_: string, version: string) => releases.find((one) => one.version === version),
    updateRelease: async (_: string, version: string, { image }: Partial<ReleaseRecord>) =>
      void updated.push(`${version} ${image?.deletedAt}`),
  };
  const aws = { ec2: new EC2Client({ region: 'eu-west-1' }) };
  const made = releases.map(({ image }) => ({
    ...{ step: 'retain', token: 't', action: 'deregister-image', target: image?.imageId ?? '', undoing: false },
    data: { region: 'eu-west-1' },
  }));
  const context = {
    services: { fleet: { app: 'api', region: 'eu-west-1' }, aws, ledger },
    clock: new ManualClock(),
    changes: () => made as JournaledChange[],
    change: (_: unknown, apply: (token: string) => Promise<unknown>) => apply('token'),
  };
  await recordOwnDeletions(context as unknown as Context);
  ec2.restore();
  return updated;
}

it('an image that the step has deregistered is recorded as deleted, unless it is still there or recorded already', async () => {
  const releases = [release('v1', '2026-01-01T00:00:00Z'), release('v2'), release('v3')];
  expect(await recorded(releases, ['ami-v3'])).toEqual([expect.stringMatching(/^v2 \d{4}-/)]);
});

it('a step that has deregistered nothing reads nothing and records nothing', async () => {
  expect(await recorded([], [])).toEqual([]);
});
