import { DisableImageCommand } from '@aws-sdk/client-ec2';
import { PipelineError } from '@golden-pipeline/shared/errors';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readGroup, setCapacity } from '../../src/aws/groups.ts';
import { listImages, readImage } from '../../src/aws/images.ts';
import { planRelease } from '../../src/release/plan.ts';
import { planRepair } from '../../src/repair/plan.ts';
import { readStatus } from '../../src/status/read.ts';
import { undoPlanOf } from '../runner/support/undo-plan-of.ts';
import { answering, deleteServingImage, launched, releaseRecorded } from '../support/drifted.ts';
import { type Death, die } from '../support/dying.ts';
import { failingAfter, Simulated } from '../support/simulated.ts';

let world: Simulated;
let hosts: ReturnType<typeof answering>;

beforeAll(async () => {
  world = await Simulated.create([], { switching: true });
  hosts = answering(world);
  for (const _ of [1, 2]) expect((await releaseRecorded(world)).error).toBeUndefined();
}, 60_000);
afterAll(() => world?.close());
beforeEach(() => {
  world.notes.length = 0;
});
afterEach(() => hosts.clear());

const plan = () => planRepair(world.services, world.clock);
const group = () => readGroup(world.aws.autoScaling, world.fleet.names.group);
const drifts = async () => (await readStatus(world.services)).drift.map((one) => one.kind);
const allServe = (hosts: string[]) => hosts.length === 4 && hosts.every((one) => one === 'v2 InService healthy');

/** Everything about the fleet and its records that an undone repair must leave as it was. */
async function fleetAsItIs() {
  const { min, max, desired, suspended, launchTemplate } = await group();
  const { instances } = await readStatus(world.services);
  return {
    group: { min, max, desired, suspended, launchTemplate },
    instances: instances.map(({ id, version, lifecycle, health }) => `${id} ${version} ${lifecycle} ${health}`),
    images: (await listImages(world.aws.ec2, 'api', 'local')).map((image) => image.imageId),
    releases: await world.services.ledger.releases('api'),
  };
}

/** The fewest healthy instances in service while something is done. */
async function fewest<T>(work: Promise<T>): Promise<{ result: T; healthy: number }> {
  let healthy = Number.POSITIVE_INFINITY;
  let ended = false;
  const done = work.finally(() => {
    ended = true;
  });
  while (!ended) {
    healthy = Math.min(healthy, (await readStatus(world.services)).healthy);
    await world.clock.sleep(1000);
  }
  return { result: await done, healthy };
}

describe('the repair of a disabled image', () => {
  it('enables it, and changes nothing else', async () => {
    const { imageId = '' } = await launched(world);
    await world.aws.ec2.send(new DisableImageCommand({ ImageId: imageId }));
    const before = await fleetAsItIs();
    expect(await drifts()).toEqual(['image-disabled']);
    const planned = await plan();
    expect(planned.described).toEqual({
      preflight: [`image ${imageId} of v2, which api-local launches, is disabled`],
      enable: [`EnableImage ${imageId}: instances of v2 can be launched again; no instance is touched`],
    });
    expect(await world.run(planned)).toMatchObject({ outcome: 'done', leftovers: [] });
    expect(await fleetAsItIs()).toEqual(before);
    expect(await drifts()).toEqual([]);
  });

  it.each<Death>([
    { at: 'enable-image', how: 'intended' },
    { at: 'enable-image', how: 'made' },
  ])('is resumed when it was killed when $at was $how, and its undo leaves an enabled image', async (death) => {
    const { imageId = '' } = await launched(world);
    for (const way of ['resume', 'undo']) {
      await world.aws.ec2.send(new DisableImageCommand({ ImageId: imageId }));
      const planned = await plan();
      const run = await die(world, planned, death);
      if (way === 'resume') {
        expect(await world.run(planned, { runId: run.id })).toMatchObject({ outcome: 'done' });
      } else {
        const undo = await undoPlanOf(world, run);
        if (!undo) throw new Error('there is nothing to undo');
        const signal = AbortSignal.abort(new PipelineError('run.died', 'died', { outcome: 'interrupted' }));
        expect(await world.run(undo, { runId: run.id, signal })).toMatchObject({ leftovers: [] });
        if (death.how === 'intended') expect(await world.run(await plan())).toMatchObject({ outcome: 'done' });
      }
      await world.services.ledger.saveRun({ ...run, outcome: 'done', finishedAt: 'now' });
      expect((await readImage(world.aws.ec2, imageId))?.state).toBe('available');
    }
  });

  it('has nothing to do when the image is available', async () => {
    const result = await world.run(await plan());
    expect(result).toMatchObject({ outcome: 'done', leftovers: [] });
    expect(world.notes.join()).toMatch(/image ami-\w+ of v2 can be launched: there is nothing to repair/);
  });
});

describe('the repair of an image that is gone', () => {
  let gone: string;
  beforeAll(async () => {
    gone = await deleteServingImage(world);
  });

  it('is what status names, and a release is refused with it', async () => {
    const { version, drift } = await readStatus(world.services);
    expect(version).toBe('v2');
    expect(drift).toEqual([
      {
        kind: 'image-missing',
        severity: 'error',
        message: `image ${gone} of v2, which api-local launches, is gone: no instance can be launched`,
        fix: 'pipeline repair api',
      },
    ]);
    const refused = await world.run(await planRelease(world.services, world.clock, {}));
    expect(refused.error).toMatchObject({ code: 'preflight.no-rollback-target' });
    expect(refused.error).toMatchObject({ fix: expect.stringContaining('pipeline repair api') });
  });

  it('uses no instance that serves something else, was built from another commit, or does not say', async () => {
    const before = await fleetAsItIs();
    const [first = '', second = '', third = '', fourth = ''] = (await group()).instances.map((one) => one.id);
    hosts.set(first, { version: 'v1' });
    hosts.set(second, { commit: 'f'.repeat(40) });
    hosts.set(third, { commit: '' });
    hosts.set(fourth, { version: '..' });
    const result = await world.run(await plan());
    const { commit } = result.state;
    expect(result).toMatchObject({
      outcome: 'failed',
      error: {
        code: 'repair.no-host',
        fix: `release without it: pipeline release api --ref ${commit.slice(0, 12)} --bake builder --no-rollback-target`,
        details: expect.arrayContaining([
          `${first} serves v1`,
          `${second} has v2 from commit ${'f'.repeat(40)}`,
          `${fourth} serves ..`,
        ]),
      },
    });
    expect(await fleetAsItIs()).toEqual(before);
  });

  it.each(['preflight', 'detach', 'rebake', 'validate'])(
    'leaves the fleet as it was when it fails after %s',
    async (id) => {
      const before = await fleetAsItIs();
      const { result, healthy } = await fewest(world.run(failingAfter(await plan(), id)));
      expect(result).toMatchObject({ outcome: 'rolled-back', leftovers: [], error: { code: 'test.broken' } });
      expect(await fleetAsItIs()).toEqual(before);
      expect(healthy).toBeGreaterThanOrEqual(3);
    },
    30_000,
  );

  const changes = [
    ...['claim-fleet', 'suspend-processes', 'lower-minimum', 'enter-standby', 'clean-host', 'create-image'],
    ...[
      'record-image',
      'exit-standby',
      'restore-minimum',
      'resume-processes',
      'launch-validation-instance',
      'register-target',
    ],
    ...['deregister-target', 'terminate-instance', 'create-template-version'],
  ];
  it.each(changes.flatMap((at) => (['intended', 'made'] as const).map((how): Death => ({ at, how }))))(
    'leaves the fleet as it was when it was killed when $at was $how and is undone',
    async (death) => {
      const before = await fleetAsItIs();
      const run = await die(world, await plan(), death);
      const undo = await undoPlanOf(world, run);
      if (!undo) throw new Error('there is nothing to undo');
      const signal = AbortSignal.abort(new PipelineError('run.died', 'died', { outcome: 'interrupted' }));
      const { result, healthy } = await fewest(world.run(undo, { runId: run.id, signal }));
      await world.services.ledger.saveRun({ ...run, outcome: 'interrupted', finishedAt: 'now' });
      expect(result).toMatchObject({ outcome: 'interrupted', leftovers: [] });
      expect(await fleetAsItIs()).toEqual(before);
      expect(healthy).toBeGreaterThanOrEqual(3);
    },
    60_000,
  );
});

describe.each<Death>([
  { at: 'enter-standby', how: 'made' },
  { at: 'clean-host', how: 'intended' },
  { at: 'create-image', how: 'intended' },
  { at: 'create-image', how: 'made' },
  { at: 'exit-standby', how: 'made' },
  { at: 'launch-validation-instance', how: 'made' },
  { at: 'create-template-version', how: 'made' },
  { at: 'set-group-template', how: 'intended' },
  { at: 'set-group-template', how: 'made' },
  { at: 'set-default-version', how: 'made' },
  { at: 'mark-known-good', how: 'intended' },
])('a repair that was killed when $at was $how', (death) => {
  it('is resumed, and the fleet can launch its version again', async () => {
    if (!(await drifts()).includes('image-missing')) await deleteServingImage(world);
    const before = await group();
    const planned = await plan();
    const run = await die(world, planned, death);
    const { result, healthy } = await fewest(world.run(planned, { runId: run.id }));
    await world.services.ledger.saveRun({ ...run, outcome: 'done', finishedAt: 'now' });
    expect(result).toMatchObject({ outcome: 'done', leftovers: [] });
    expect(healthy).toBeGreaterThanOrEqual(3);
    expect(await drifts()).toEqual([]);
    const now = await group();
    for (const key of ['min', 'max', 'desired', 'suspended'] as const) expect(now[key]).toEqual(before[key]);
    expect(now.instances.map((one) => one.id).sort()).toEqual(before.instances.map((one) => one.id).sort());
    const { imageId = '' } = await launched(world);
    expect(await readImage(world.aws.ec2, imageId)).toMatchObject({
      version: 'v2',
      knownGood: true,
      name: 'api-local-v2',
    });
    expect((await world.services.ledger.release('api', 'v2'))?.image?.imageId).toBe(imageId);
  }, 60_000);

  it('is undone without removing an image that the group launches', async () => {
    await deleteServingImage(world);
    const run = await die(world, await plan(), death);
    const undo = await undoPlanOf(world, run);
    if (!undo) throw new Error('there is nothing to undo');
    const signal = AbortSignal.abort(new PipelineError('run.died', 'died', { outcome: 'interrupted' }));
    expect(await world.run(undo, { runId: run.id, signal })).toMatchObject({ leftovers: [] });
    await world.services.ledger.saveRun({ ...run, outcome: 'interrupted', finishedAt: 'now' });
    await world.until(() => world.serving(), allServe);
    const { imageId = '' } = await launched(world);
    const isThere = (await readImage(world.aws.ec2, imageId))?.state === 'available';
    const changed = death.how === 'made' && death.at === 'set-group-template';
    expect(isThere).toBe(changed || ['set-default-version', 'mark-known-good'].includes(death.at));
  }, 60_000);
});

describe('the fleet after a repair', () => {
  beforeAll(async () => {
    if ((await drifts()).includes('image-missing')) expect((await world.run(await plan())).error).toBeUndefined();
  }, 60_000);

  it('launches the version again, and a release bakes on one of the instances that stayed', async () => {
    const { autoScaling } = world.aws;
    await setCapacity(autoScaling, world.fleet.names.group, { desired: 5 });
    await world.until(
      () => world.serving(),
      (all) => all.length === 5 && all.every((one) => one === 'v2 InService healthy'),
    );
    await setCapacity(autoScaling, world.fleet.names.group, { desired: 4 });
    await world.until(() => world.serving(), allServe);
    const result = await releaseRecorded(world, { bake: 'detach' });
    expect(result.error).toBeUndefined();
    expect(await world.serving()).toEqual(Array(4).fill('v3 InService healthy'));
  }, 60_000);
});
