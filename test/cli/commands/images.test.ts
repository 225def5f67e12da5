import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CreateImageCommand, CreateTagsCommand, RunInstancesCommand } from '@aws-sdk/client-ec2';
import { systemClock } from '@golden-pipeline/shared/clock';
import { type LocalCloud, startLocalCloud } from 'golden-pipeline-local-cloud';
import { processRef } from 'golden-pipeline-local-cloud/machines';
import { account } from 'golden-pipeline-local-cloud/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DemoProject } from '../../../examples/demo/project.ts';
import { type AwsClients, createClients } from '../../../src/aws/clients.ts';
import { waitImageAvailable } from '../../../src/aws/create-image.ts';
import { readImage } from '../../../src/aws/images.ts';
import { readInstance } from '../../../src/aws/instances.ts';
import { tagKeys, toTags } from '../../../src/aws/tags.ts';
import { runCli } from '../../../src/cli/main.ts';
import { createPoll } from '../../../src/engine/poll.ts';
import { createFileLedger } from '../../../src/ledger/ledger.ts';
import { provisionFleets } from '../../../src/provision/fleets.ts';
import type { ImageStatus } from '../../../src/retention/read-images.ts';
import { fakeContext } from '../support/fake-context.ts';

const clock = systemClock();
const poll = createPoll(clock);
const wait = { everyMs: 20, timeoutMs: 20_000 };

let dir: string;
let project: string;
let cloud: LocalCloud;
let aws: AwsClients;
const ids: string[] = [];

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'gp-images-'));
  project = path.join(dir, 'project');
  await DemoProject.create(path.resolve(import.meta.dirname, '../../..'), project);
  const file = path.join(project, 'pipelines/api.ts');
  await writeFile(file, (await readFile(file, 'utf8')).replace('keep: 5', "keep: 2, copyRegions: ['us-east-1']"));
  cloud = await startLocalCloud({ dir: path.join(dir, 'cloud'), driver: 'simulated' });
  const { endpoint, region, credentials, block, controlToken } = cloud;
  const ref = { pid: process.pid, startTime: processRef(process.pid)?.start };
  const document = { ...ref, endpoint, region, ...credentials, block, controlToken, version: 1 };
  await writeFile(path.join(dir, 'cloud/cloud.json'), JSON.stringify(document), { mode: 0o600 });
  aws = createClients({ region, endpoint, credentials });
  await provisionFleets({ projectDir: project, cloud: { endpoint, region, ...credentials }, note: () => undefined });
  const ledger = createFileLedger({
    dir: path.join(project, '.pipeline/ledger'),
    environment: 'local',
    clock,
    identity: { owner: 'tester', host: 'here' },
  });
  const { Instances } = await aws.ec2.send(
    new RunInstancesCommand({ ImageId: account.baseImageId, InstanceType: 't3.small', MinCount: 1, MaxCount: 1 }),
  );
  const builder = Instances?.[0]?.InstanceId ?? '';
  await poll({
    what: 'the builder to run',
    read: () => readInstance(aws.ec2, builder),
    until: (instance) => instance?.state === 'running',
    ...wait,
  });
  // As releases leave them.
  for (let n = 0; n < 3; n++) {
    const facts = { app: 'api', environment: 'local', commit: 'c'.repeat(40), ref: 'HEAD', createdBy: 'ann', run: 'r' };
    const { version } = await ledger.reserveRelease({ ...facts, createdAt: new Date().toISOString() });
    const tags = toTags({
      [tagKeys.app]: 'api',
      [tagKeys.environment]: 'local',
      [tagKeys.version]: version,
      [tagKeys.commit]: facts.commit,
    });
    const { ImageId = '' } = await aws.ec2.send(
      new CreateImageCommand({
        InstanceId: builder,
        Name: `api-local-${version}`,
        NoReboot: true,
        TagSpecifications: [
          { ResourceType: 'image', Tags: tags },
          { ResourceType: 'snapshot', Tags: tags },
        ],
      }),
    );
    await waitImageAvailable(aws.ec2, poll, ImageId, wait);
    await aws.ec2.send(new CreateTagsCommand({ Resources: [ImageId], Tags: toTags({ [tagKeys.knownGood]: 'true' }) }));
    await ledger.updateRelease('api', version, { state: 'released', knownGood: true });
    ids.push(ImageId);
  }
}, 60_000);

afterAll(async () => {
  await cloud?.close();
  await rm(dir, { recursive: true, force: true });
});

async function pipeline(...argv: string[]) {
  const env = { PIPELINE_LOCAL_DIR: path.join(dir, 'cloud'), PIPELINE_USER: 'tester' };
  const context = fakeContext(argv, { cwd: project, env, clock });
  return { code: await runCli(context), out: context.stdout.text, err: context.stderr.text };
}

const images = async () => JSON.parse((await pipeline('images', 'api', '--json')).out) as ImageStatus[];

describe('pipeline images', () => {
  it('refuses an unknown action, and options of another action', async () => {
    const text = (part: string) => expect.stringContaining(part) as string;
    expect(await pipeline('images', 'api', 'prun')).toMatchObject({ code: 2, err: text('pin, unpin or prune') });
    expect(await pipeline('images', 'api', 'pin')).toMatchObject({ code: 2, err: text('which version of api') });
    expect(await pipeline('images', 'api', 'pin', '41')).toMatchObject({ code: 2, err: text('not a version') });
    expect(await pipeline('images', 'api', 'prune', 'v1')).toMatchObject({ code: 2, err: text('takes no version') });
    expect(await pipeline('images', 'api', '--force')).toMatchObject({ code: 2, err: text('--force goes with prune') });
    expect(await pipeline('images', 'api', 'prune', '--reason', 'x')).toMatchObject({
      code: 2,
      err: text('--reason goes with pin only'),
    });
    expect(await pipeline('images', 'api', 'unpin', 'v1')).toMatchObject({ code: 2, err: text('not pinned') });
  });

  it('changes nothing when a region with copies cannot be read', async () => {
    const fault = {
      kind: 'error' as const,
      operation: 'DescribeImages',
      region: 'us-east-1',
      code: 'UnauthorizedOperation',
    };
    cloud.faults.add({ ...fault, status: 403, message: 'not there' });
    const refused = await pipeline('images', 'api', 'prune');
    cloud.faults.clear();
    expect(refused).toMatchObject({ code: 1, err: expect.stringMatching(/us-east-1 may hold copies.*cannot be read/) });
    expect(await images()).toHaveLength(3);
  });

  it('lists, pins, shows what a prune would do, prunes, and unpins', async () => {
    const pinned = await pipeline('images', 'api', 'pin', 'v1', '--reason', 'before the sale', '--json');
    expect(pinned).toMatchObject({ code: 0 });
    expect(JSON.parse(pinned.out)).toMatchObject({
      version: 'v1',
      imageId: ids[0],
      undo: 'pipeline images api unpin v1',
    });
    const listed = await images();
    expect(listed.map((one) => one.version)).toEqual(['v3', 'v2', 'v1']);
    expect(listed[2]).toMatchObject({
      pinned: true,
      keptBecause: [expect.stringMatching(/^pinned by tester@.+: before the sale$/)],
    });
    const { out } = await pipeline('images', 'api');
    expect(out).toMatch(
      /v1 +ami-\w+ +available +c{12} +0 min +8 GB +known-good, pinned by tester@\S+, "before the sale"/,
    );
    expect(out).toContain('all: 24 GB, at most 1.20 USD a month');

    expect((await pipeline('images', 'api', 'prune', '--dry-run')).out).not.toContain('api-local-v1');
    expect(await pipeline('images', 'api', 'unpin', 'v1')).toMatchObject({ code: 0 });
    const planned = await pipeline('images', 'api', 'prune', '--dry-run');
    expect(planned.out).toContain(`api-local-v1 (${ids[0]}, 8 GB): beyond the last known-good ones`);
    expect((await images()).map((one) => one.state)).toEqual(['available', 'available', 'available']);

    const pruned = await pipeline('images', 'api', 'prune', '--json');
    expect(pruned.code).toBe(0);
    expect(JSON.parse(pruned.out)).toMatchObject({ retired: ['v1'], deleted: ['v1'], freedGb: 8, monthlySaving: 0.4 });
    expect(await readImage(aws.ec2, ids[0] ?? '')).toBeUndefined();
    expect((await images()).map((one) => one.version)).toEqual(['v3', 'v2']);
    const history = JSON.parse((await pipeline('history', 'api', '--json')).out) as { operation: string }[];
    // Runs of one second have no order.
    expect(history.map((run) => run.operation).sort()).toEqual(['pin', 'prune', 'unpin']);
  });
});
