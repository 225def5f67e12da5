import { isDeepStrictEqual } from 'node:util';
import { PipelineError } from '@golden-pipeline/shared/errors';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readGroup, replaceInstance, setCapacity } from '../../src/aws/groups.ts';
import { tagInstance } from '../../src/aws/instances.ts';
import { tagKeys } from '../../src/aws/tags.ts';
import { planRelease } from '../../src/release/plan.ts';
import type { ReleaseState } from '../../src/release/state.ts';
import { readStatus } from '../../src/status/read.ts';
import { everyVersion, failingAfter, firstRelease, Simulated } from '../support/simulated.ts';

let world: Simulated;

beforeAll(async () => {
  world = await Simulated.create();
  const first = await world.run(await planRelease(world.services, world.clock, {}));
  expect(first.error).toBeUndefined();
}, 60_000);
beforeEach(() => {
  world.plays.length = 0;
  world.answers.to = everyVersion;
});
afterAll(() => world?.close());

const group = async () => {
  const { min, max, desired, suspended, launchTemplate } = await readGroup(
    world.aws.autoScaling,
    world.fleet.names.group,
  );
  return { min, max, desired, suspended, launchTemplate };
};

/** Runs with hosts that refuse one action of the playbook. */
async function withBroken<T>(action: string, run: () => Promise<T>): Promise<T> {
  const { hosts } = world.services;
  const { play } = hosts;
  hosts.play = async (host, playbook, variables, options) => {
    if (variables.release_action === action) throw new PipelineError('ansible.failed', 'the disk is full');
    return play(host, playbook, variables, options);
  };
  try {
    return await run();
  } finally {
    hosts.play = play;
  }
}

const release = () => planRelease(world.services, world.clock, {});

describe('a bake instance that cannot be switched back never serves a version that was not validated', () => {
  it.each(['bake', 'validate', 'roll'])(
    'after %s it is terminated, and the group launches another of the version that serves',
    async (id) => {
      const before = await group();
      const result = await withBroken('revert', async () => world.run(failingAfter(await release(), id)));
      expect(result).toMatchObject({ outcome: 'rolled-back', leftovers: [] });
      const host = world.plays.find((play) => play.startsWith('activate'))?.split(' ')[1];
      const { instances } = await readStatus(world.services);
      expect(instances.map((one) => one.id)).not.toContain(host);
      expect(await world.serving()).toEqual(firstRelease);
      expect(await group()).toEqual(before);
      // Nothing more is asked of a host that is ended.
      expect(world.plays).not.toContain(`unstage ${host}`);
    },
    60_000,
  );

  it('also when its activation has failed halfway', async () => {
    const before = await group();
    const result = await withBroken('activate', async () =>
      withBroken('revert', async () => world.run(await release())),
    );
    expect(result).toMatchObject({ outcome: 'rolled-back', leftovers: [], error: { message: 'the disk is full' } });
    expect(await world.serving()).toEqual(firstRelease);
    expect(await group()).toEqual(before);
  }, 60_000);

  it('and stays out of service when it cannot be terminated: the leftovers name it, and the next release refuses', async () => {
    const before = await group();
    const fault = world.cloud.faults.add({
      kind: 'error',
      operation: 'TerminateInstanceInAutoScalingGroup',
      code: 'ServiceUnavailable',
      status: 400,
    });
    const result = await withBroken('revert', async () => world.run(failingAfter(await release(), 'validate')));
    world.cloud.faults.clear(fault.id);
    const { host, version } = result.state as ReleaseState;
    expect(result.outcome).toBe('manual-intervention');
    expect(result.leftovers.join('\n')).toContain(`${host?.instanceId} carries ${version}, which is not validated`);
    expect(result.leftovers.join('\n')).toContain('it is Standby in api-local, without traffic: terminate it');
    // The rest is firstRelease already.
    await world.until(
      async () => (await world.serving()).sort(),
      (all) => isDeepStrictEqual(all.slice(0, 4), firstRelease) && all[4]?.startsWith(`${version} Standby `),
    );
    expect(await group()).toEqual(before);
    const next = await world.run(await release());
    expect(next).toMatchObject({ outcome: 'failed', error: { code: 'preflight.standby' } });
    expect((next.error as PipelineError).fix).toContain('ExitStandby, or terminate it');
    // The advice must not be refused as well.
    await setCapacity(world.aws.autoScaling, world.fleet.names.group, { max: 4 });
    expect(((await world.run(await release())).error as PipelineError).fix).toMatch(/^terminate it/);
    await setCapacity(world.aws.autoScaling, world.fleet.names.group, { max: before.max });
    await replaceInstance(world.aws.autoScaling, world.fleet.names.group, host?.instanceId ?? '');
    await world.until(
      async () => await world.serving(),
      (one) => isDeepStrictEqual(one, firstRelease),
    );
    expect(await group()).toEqual(before);
  }, 60_000);
});

describe('the next bake instance', () => {
  it('is tagged with the version that serves and answers with it', async () => {
    const { instances } = await readStatus(world.services);
    const astray = instances.slice(0, 3).map((one) => one.id);
    for (const id of astray) await tagInstance(world.aws.ec2, id, { [tagKeys.version]: 'v99' });
    const chosen = await world.run(failingAfter(await release(), 'preflight'));
    expect((chosen.state as ReleaseState).host?.instanceId).toBe(instances[3]?.id);

    await tagInstance(world.aws.ec2, instances[3]?.id ?? '', { [tagKeys.version]: 'v99' });
    const none = await world.run(await release());
    expect(none).toMatchObject({ outcome: 'failed', error: { code: 'preflight.no-bake-instance' } });
    expect((none.error as PipelineError).details).toContain(`${astray[0]} carries v99, but the fleet is on v1`);
    for (const { id } of instances) await tagInstance(world.aws.ec2, id, { [tagKeys.version]: 'v1' });
  }, 60_000);
});
