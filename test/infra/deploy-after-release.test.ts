import { DescribeLaunchTemplateVersionsCommand } from '@aws-sdk/client-ec2';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { readGroup } from '../../src/aws/groups.ts';
import { readTemplateVersion } from '../../src/aws/launch-templates.ts';
import type { Fleet } from '../../src/config/settings.ts';
import { readStatus } from '../../src/operations/read-status.ts';
import { planRelease } from '../../src/operations/release.ts';
import { planScale, planScaleCancel } from '../../src/operations/scale.ts';
import { type Deployed, deployedFleet } from './support/deployed.ts';

const group = 'api-local';
let fleet: Deployed;

beforeAll(async () => {
  fleet = await deployedFleet();
  await release();
}, 60_000);

afterAll(async () => {
  vi.unstubAllEnvs();
  await fleet?.world.close();
});

afterEach(() => {
  fleet.cloudFormation.heedsUpdatePolicy = true;
});

async function release(): Promise<void> {
  const { world } = fleet;
  const { error, outcome } = await world.run(await planRelease(world.services, world.clock, {}));
  expect(error).toBeUndefined();
  expect(outcome).toBe('done');
}

const withMax = (max: number) => (one: Fleet) => ({ ...one, capacity: { ...one.capacity, max } });
const withType = (type: string) => (one: Fleet) => ({ ...one, instance: { ...one.instance, type } });

/** What the fleet runs, what it would launch, and its size. */
async function state() {
  const { aws, services } = fleet.world;
  const { min, max, desired, launchTemplate } = await readGroup(aws.autoScaling, group);
  const { imageId } = await readTemplateVersion(aws.ec2, launchTemplate.id, launchTemplate.version);
  const { version, instances } = await readStatus(services);
  return { version, serving: instances.map((one) => one.version), launches: imageId, min, max, desired };
}

describe('a deploy of the infrastructure after a release', () => {
  it('changes nothing when nothing was changed', async () => {
    const before = await state();
    expect(await fleet.cloudFormation.deploy(fleet.stack())).toEqual([]);
    expect(await state()).toEqual(before);
  });

  it.each([true, false])('changes the maximum and nothing else, update policy heeded: %s', async (heeded) => {
    fleet.cloudFormation.heedsUpdatePolicy = heeded;
    const before = await state();
    expect(before).toMatchObject({ version: 'v1', serving: ['v1', 'v1', 'v1', 'v1'], min: 4, desired: 4 });
    const max = before.max + 8;
    expect(await fleet.cloudFormation.deploy(fleet.stack(withMax(max)))).toEqual([
      expect.stringMatching(/^LiveGroups/),
      'GroupApiLocal',
    ]);
    expect(await state()).toEqual({ ...before, max });
  });
});
