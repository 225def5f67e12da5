import { CreateImageCommand, DeregisterImageCommand, DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitImageAvailable } from '../../src/aws/create-image.ts';
import { readImage, resolveBaseImage } from '../../src/aws/images.ts';
import { tagKeys, toTags } from '../../src/aws/tags.ts';
import { readBase } from '../../src/base-image/read.ts';
import { createPoll } from '../../src/engine/poll.ts';
import { createRunId } from '../../src/engine/run-id.ts';
import { planRelease } from '../../src/release/plan.ts';
import { planRollback } from '../../src/rollback/plan.ts';
import { readStatus } from '../../src/status/read.ts';
import { everyVersion, failingAfter, Simulated } from '../support/simulated.ts';

let world: Simulated;
let first: string;
let second: string;

beforeAll(async () => {
  world = await Simulated.create();
  const released = await world.run(await planRelease(world.services, world.clock, {}));
  expect(released.error).toBeUndefined();
  const { ec2 } = world.aws;
  first = (await resolveBaseImage(ec2, 'golden-base-*')).imageId;
  const [{ id = '' } = {}] = (await readStatus(world.services)).instances;
  const { ImageId = '' } = await ec2.send(
    new CreateImageCommand({
      InstanceId: id,
      Name: 'golden-base-2',
      NoReboot: true,
      TagSpecifications: [{ ResourceType: 'image', Tags: toTags({ [tagKeys.base]: 'true' }) }],
    }),
  );
  second = ImageId;
  const poll = createPoll(world.clock);
  await waitImageAvailable(ec2, poll, second, { everyMs: 1000, timeoutMs: 600_000, progress: () => undefined });
}, 60_000);
afterAll(() => world?.close());

const plan = (more: Parameters<typeof planRelease>[2] = {}) =>
  planRelease(world.services, world.clock, { fromBase: true, ...more });

/** The images that a run's instances of a role were launched from. */
async function launchedFrom(
  role: string,
  run: string,
  states = ['pending', 'running', 'shutting-down', 'terminated'],
): Promise<(string | undefined)[]> {
  const { Reservations = [] } = await world.aws.ec2.send(
    new DescribeInstancesCommand({
      Filters: [
        { Name: `tag:${tagKeys.role}`, Values: [role] },
        { Name: `tag:${tagKeys.run}`, Values: [run] },
        { Name: 'instance-state-name', Values: states },
      ],
    }),
  );
  return Reservations.flatMap(({ Instances = [] }) => Instances.map(({ ImageId }) => ImageId));
}

describe('the plan of a release from the base image', () => {
  it('names the newest base image, and says that an in-place rollback will not be possible', async () => {
    const { steps, described, initial } = await plan();
    expect(steps.map(({ id }) => id).slice(0, 5)).toEqual(['preflight', 'boot-builder', 'stage', 'bake', 'validate']);
    expect(described['boot-builder']).toEqual([`one t3.small from the base image golden-base-2 (${second})`]);
    expect(described.preflight?.join('\n')).toContain('no in-place rollback to v1');
    expect(initial).toMatchObject({ bake: 'builder', base: { imageId: second, name: 'golden-base-2' } });
  });

  it('is the usual one without it', async () => {
    const { steps, described, initial } = await plan({ fromBase: false, bake: 'builder' });
    expect(steps.map(({ id }) => id)[1]).toBe('boot-builder');
    expect(described['boot-builder']).toEqual(['one t3.small from the image of v1']);
    expect(initial).not.toHaveProperty('base');
  });

  it('is refused for a bake on an instance that serves', async () => {
    await expect(plan({ bake: 'detach' })).rejects.toMatchObject({
      code: 'release.from-base',
      outcome: 'usage',
      fix: expect.stringContaining('leave --bake out'),
    });
  });

  it('is refused without a base image, naming the pattern that was searched for', async () => {
    const { fleet } = world.services;
    const services = { ...world.services, fleet: { ...fleet, instance: { ...fleet.instance, baseImage: 'none-*' } } };
    await expect(planRelease(services, world.clock, { fromBase: true })).rejects.toMatchObject({
      code: 'image.no-base',
      message: expect.stringContaining('"none-*"'),
      fix: expect.stringContaining('pipeline base build'),
    });
  });
});

describe('a release from the base image', () => {
  it('that fails after the builder has started terminates the builder', async () => {
    const runId = createRunId(world.clock);
    const failed = await world.run(failingAfter(await plan(), 'boot-builder'), { runId });
    expect(failed).toMatchObject({ outcome: 'rolled-back', leftovers: [] });
    expect(await launchedFrom('builder', runId)).toEqual([second]);
    expect(await launchedFrom('builder', runId, ['pending', 'running'])).toEqual([]);
  }, 60_000);

  it('that fails its validation leaves the fleet on its image, and deregisters the new image', async () => {
    world.answers.to = () => ({ status: 503, body: 'no' });
    const failed = await world.run(await plan());
    world.answers.to = everyVersion;
    expect(failed).toMatchObject({ outcome: 'rolled-back', leftovers: [], error: { code: 'validate.smoke' } });
    expect((await readStatus(world.services)).version).toBe('v1');
    expect((await readBase(world.services, world.clock.now())).images.flatMap(({ releases }) => releases)).toEqual([
      'v1',
    ]);
  }, 60_000);

  it('moves the whole fleet to the newer base image, and later releases stay on it', async () => {
    const before = await readBase(world.services, world.clock.now());
    const { commit } = (await world.services.ledger.release('api', 'v1')) ?? {};
    expect(before).toMatchObject({
      version: 'v1',
      warnings: [
        `v1 is built on golden-base-1, and golden-base-2 is newer: pipeline release api --from-base --ref ${commit?.slice(0, 12)}`,
      ],
    });

    const runId = createRunId(world.clock);
    const released = await world.run(await plan(), { runId });
    expect(released.error).toBeUndefined();
    const { version, imageId = '' } = released.state;
    expect(await launchedFrom('builder', runId)).toEqual([second]);
    expect(await world.services.ledger.release('api', version)).toMatchObject({ baseImageId: second });
    expect((await readImage(world.aws.ec2, imageId))?.version).toBe(version);
    expect((await readStatus(world.services)).instances.map((one) => one.version)).toEqual(Array(4).fill(version));

    const next = await world.run(await planRelease(world.services, world.clock, {}));
    expect(next.error).toBeUndefined();
    const after = await readBase(world.services, world.clock.now());
    expect(after).toMatchObject({
      version: next.state.version,
      images: [
        { imageId: second, current: true, releases: [version, next.state.version] },
        { imageId: first, current: false, releases: ['v1'] },
      ],
      warnings: [],
    });
  }, 120_000);

  it('has a warning of its own when the base image of the fleet is gone', async () => {
    await world.aws.ec2.send(new DeregisterImageCommand({ ImageId: second }));
    const { version, warnings } = await readBase(world.services, world.clock.now());
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(`${version} is built on ${second}, which is gone`);
    expect(warnings[0]).toContain(': pipeline release api --from-base --ref');
  });
});

describe('a blue/green release from the base image', () => {
  it('moves the traffic to instances on the base image, and a switch goes back', async () => {
    const groups = await Simulated.create([
      ['verifySeconds: 5,', "strategy: 'blue-green', stepSeconds: 1, rollbackWindow: 400, verifySeconds: 5,"],
    ]);
    try {
      const { services, clock } = groups;
      expect((await groups.run(await planRelease(services, clock, {}))).error).toBeUndefined();
      const again = await planRelease(services, clock, { fromBase: true });
      expect(again.steps.map(({ id }) => id)).toEqual([
        ...[
          'preflight',
          'boot-builder',
          'stage',
          'bake',
          'validate',
          'scale-up-idle-group',
          'shift-traffic',
          'promote',
          'verify',
          'retain',
          'announce',
        ],
      ]);
      expect((await groups.run(again)).error).toBeUndefined();
      expect(await services.ledger.release('api', 'v2')).toMatchObject({ baseImageId: again.initial.base?.imageId });
      const back = await planRollback(services, clock, { force: false });
      expect(back.initial).toMatchObject({ version: 'v1', method: 'switch' });
      expect((await groups.run(back)).error).toBeUndefined();
      expect((await readStatus(services)).version).toBe('v1');
    } finally {
      await groups.close();
    }
  }, 60_000);
});
