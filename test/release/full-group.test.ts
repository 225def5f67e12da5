import type { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { PipelineError } from '@golden-pipeline/shared/errors';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readGroup, replaceInstance, setCapacity } from '../../src/aws/groups.ts';
import { planRelease } from '../../src/release/plan.ts';
import { abort as abortRun } from '../../src/runner/abort.ts';
import { readStatus } from '../../src/status/read.ts';
import { runnerOfTest } from '../runner/support/runner-context.ts';
import { die } from '../support/dying.ts';
import { failingAfter, Simulated } from '../support/simulated.ts';

type Capacity = Parameters<typeof setCapacity>[2];
type Hook = () => Promise<unknown>;

let world: Simulated;
let other: AutoScalingClient;
/** What another tool does, once, before or after a call of the run to Auto Scaling. */
const calls: { before: Record<string, Hook>; after: Record<string, Hook> } = { before: {}, after: {} };
/** What happens, once, when the host is told an action. */
const plays: Record<string, Hook> = {};

const take = async (hooks: Record<string, Hook>, name: string) => {
  const hook = hooks[name];
  delete hooks[name];
  await hook?.();
};
const release = () => planRelease(world.services, world.clock, {});
const groupName = () => world.fleet.names.group;
const size = async () => {
  const { min, max, desired, suspended } = await readGroup(other, groupName());
  return { min, max, desired, suspended };
};
const sets =
  (capacity: Capacity): Hook =>
  () =>
    setCapacity(other, groupName(), capacity);
const usual = { min: 4, max: 12, desired: 4 };
const full = { min: 4, max: 4, desired: 4 };
const fills = sets(full);
const serving = async () => (await readStatus(world.services)).version;
const whole = (version: unknown, count: number): string[] => Array(count).fill(`${version} InService healthy`);

/** The fleet is on the version, as large as it should be, and nothing of the run is left. */
async function expectFleet(version: unknown, wanted: { min: number; max: number; desired: number }) {
  await world.until(
    () => world.serving(),
    (all) => JSON.stringify(all) === JSON.stringify(whole(version, wanted.desired)),
  );
  expect(await size()).toEqual({ ...wanted, suspended: [] });
}

beforeAll(async () => {
  world = await Simulated.create();
  other = world.cloud.newClients().autoScaling;
  const { hosts, aws } = world.services;
  aws.autoScaling.middlewareStack.add(
    (next, { commandName = '' }) => {
      const name = commandName.replace(/Command$/, '');
      return async (args) => {
        await take(calls.before, name);
        const answer = await next(args);
        await take(calls.after, name);
        return answer;
      };
    },
    { step: 'initialize', name: 'meanwhile' },
  );
  const { play } = hosts;
  hosts.play = async (host, playbook, variables, options) => {
    await take(plays, variables.release_action ?? '');
    return play(host, playbook, variables, options);
  };
  expect((await world.run(await release())).error).toBeUndefined();
}, 60_000);
afterEach(async () => {
  const hooks = [calls.before, calls.after, plays];
  const unused = hooks.flatMap((one) => Object.keys(one));
  for (const one of hooks) for (const name of Object.keys(one)) delete one[name];
  world.notes.length = 0;
  world.plays.length = 0;
  await sets(usual)();
  await expectFleet(await serving(), usual);
  expect(unused).toEqual([]);
});
afterAll(() => {
  other?.destroy();
  return world?.close();
});

const fails: Hook = async () => {
  throw new PipelineError('ansible.failed', 'the disk is full');
};

describe('a release whose group is filled while its instance is in Standby', () => {
  it.each<[string, (hook: Hook) => void]>([
    ['while it drains', (hook) => (calls.after.EnterStandby = hook)],
    ['while it is switched', (hook) => (plays.activate = hook)],
    ['while it is cleaned', (hook) => (plays.clean = hook)],
    ['just before it would return', (hook) => (calls.before.ExitStandby = hook)],
  ])('terminates the instance and continues: %s', async (_, at) => {
    at(fills);
    const result = await world.run(await release());
    expect(result).toMatchObject({ outcome: 'done', leftovers: [] });
    expect(world.notes.join('\n')).toMatch(/i-\w+ has no place in api-local any more/);
    await expectFleet(result.state.version, full);
  });

  it.each<[string, Capacity, Capacity, { min: number; max: number; desired: number }]>([
    ['a larger size below the maximum', usual, { desired: 6 }, { ...usual, desired: 6 }],
    ['the size from before', { min: 2 }, { desired: 4 }, { ...usual, min: 2 }],
    ['a smaller size', { min: 2 }, { desired: 2 }, { min: 2, max: 12, desired: 2 }],
    ['a smaller maximum', { min: 2 }, { max: 3 }, { min: 2, max: 3, desired: 3 }],
    ['another minimum and size', usual, { min: 1, desired: 2 }, { min: 1, max: 12, desired: 2 }],
  ])('keeps what somebody else has set: %s', async (_, before, set, after) => {
    await sets(before)();
    plays.activate = sets(set);
    const result = await world.run(await release());
    expect(result).toMatchObject({ outcome: 'done', leftovers: [] });
    await expectFleet(result.state.version, after);
  });

  it('keeps a minimum that somebody else has lowered by one, when the run has not lowered it', async () => {
    await sets({ min: 3 })();
    plays.activate = sets({ min: 2 });
    const result = await world.run(await release());
    expect(result.outcome).toBe('done');
    expect(world.notes.join('\n')).not.toContain('has no place');
    await expectFleet(result.state.version, { ...usual, min: 2 });
  });
});

describe('the undo of a release whose group is filled while its instance is in Standby', () => {
  it.each<[string, () => void]>([
    [
      'before it begins',
      () => {
        plays.activate = async () => {
          await fills();
          await fails();
        };
      },
    ],
    [
      'while the host is switched back',
      () => {
        plays.activate = fails;
        plays.revert = fills;
      },
    ],
    [
      'just before the host would return',
      () => {
        plays.activate = fails;
        calls.before.ExitStandby = fills;
      },
    ],
  ])('terminates the instance, and leaves nothing: %s', async (_, prepare) => {
    const before = await serving();
    prepare();
    const result = await world.run(await release());
    expect(result).toMatchObject({ outcome: 'rolled-back', leftovers: [], error: { message: 'the disk is full' } });
    await expectFleet(before, full);
  });

  it('terminates an instance that was not switched yet', async () => {
    const before = await serving();
    calls.after.EnterStandby = fills;
    const result = await world.run(failingAfter(await release(), 'detach'));
    expect(result).toMatchObject({ outcome: 'rolled-back', leftovers: [] });
    await expectFleet(before, full);
  });

  it.each([
    { at: 'enter-standby', how: 'made' },
    { at: 'activate-environment', how: 'made' },
    { at: 'exit-standby', how: 'intended' },
    { at: 'exit-standby', how: 'made' },
  ] as const)('terminates the instance also for a crashed run: $how $at', async (death) => {
    const before = await serving();
    await die(world, await release(), death);
    await fills();
    await abort();
    await expectFleet(before, full);
  });

  it.each([
    { at: 'terminate-bake-instance', how: 'intended' },
    { at: 'terminate-bake-instance', how: 'made' },
    { at: 'resume-processes', how: 'intended' },
  ] as const)('continues where a run crashed that was about to terminate the instance: $how $at', async (death) => {
    const before = await serving();
    plays.activate = fills;
    await die(world, await release(), death);
    await abort();
    await expectFleet(before, full);
  });
});

async function abort() {
  const runner = runnerOfTest(world.clock, 'pipeline abort api');
  const ended = await abortRun(runner, world.services, 'abort');
  expect(ended?.run.outcome, JSON.stringify(runner.messages)).toBe('interrupted');
}

describe('an instance that cannot return to service', () => {
  it.each([
    { at: 'terminate-bake-instance', how: 'made' },
    { at: 'restore-capacity', how: 'intended' },
    { at: 'restore-capacity', how: 'made' },
    { at: 'restore-minimum', how: 'made' },
  ] as const)('returns its capacity to the group once, also when the undo crashes: $how $at', async (death) => {
    const before = await serving();
    plays.activate = fails;
    plays.revert = fails;
    await die(world, await release(), death);
    await abort();
    await expectFleet(before, usual);
  });

  it('is terminated when Auto Scaling refuses it for another reason, and no process stays suspended', async () => {
    const before = await serving();
    plays.activate = fails;
    const fault = world.cloud.faults.add({
      kind: 'error',
      operation: 'ExitStandby',
      code: 'ValidationError',
      status: 400,
    });
    const result = await world.run(await release());
    world.cloud.faults.clear(fault.id);
    expect(result).toMatchObject({ outcome: 'rolled-back', leftovers: [] });
    expect(world.notes.join('\n')).toContain('cannot return to service');
    await expectFleet(before, usual);
  });

  it('returns its capacity to the group when somebody else has terminated it', async () => {
    await sets({ min: 2 })();
    const before = await serving();
    plays.clean = async () => {
      const { instances } = await readGroup(other, groupName());
      await replaceInstance(other, groupName(), instances.find((one) => one.lifecycle === 'Standby')?.id ?? '');
      await fails();
    };
    const result = await world.run(await release());
    expect(result).toMatchObject({ outcome: 'rolled-back', leftovers: [] });
    await expectFleet(before, { ...usual, min: 2 });
  });

  it.each([
    [
      'its image was refused',
      async () => {
        const fault = world.cloud.faults.add({
          kind: 'error',
          operation: 'CreateImage',
          code: 'ResourceLimitExceeded',
        });
        const result = await world.run(await release());
        world.cloud.faults.clear(fault.id);
        expect(result).toMatchObject({ outcome: 'rolled-back', leftovers: [] });
      },
    ],
    [
      'it could not be cleaned to the end',
      async () => {
        plays.clean = fails;
        expect(await world.run(await release())).toMatchObject({ outcome: 'rolled-back', leftovers: [] });
      },
    ],
    [
      'the run crashed',
      async () => {
        await die(world, await release(), { at: 'clean-host', how: 'made' });
        await abort();
      },
    ],
  ])('is terminated at once when it has no host keys and did not reboot: %s', async (_, run) => {
    const before = await serving();
    const { hosts } = world.services;
    const { waitReachable } = hosts;
    let waits = 0;
    hosts.waitReachable = async (...args) => {
      // The first is of the step that builds the environment.
      if (waits++ > 0) throw new PipelineError('ssh.unreachable', 'no keys');
      return waitReachable(...args);
    };
    await run();
    hosts.waitReachable = waitReachable;
    expect(waits).toBe(1);
    expect(world.plays.filter((one) => /^(revert|unstage) /.test(one))).toEqual([]);
    await expectFleet(before, usual);
  });
});
