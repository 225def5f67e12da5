import { PipelineError } from '@golden-pipeline/shared/errors';
import { afterEach, describe, expect, it } from 'vitest';
import { setCapacity } from '../../../src/aws/groups.ts';
import { planRelease } from '../../../src/release/plan.ts';
import { firstRelease } from '../../support/simulated.ts';
import { groupOf, planOf, type RestartWorld, restartWorld, standbyIn } from '../support/restarted.ts';

let made: RestartWorld;
afterEach(() => made?.world.close());

const refuse = (instanceId: string, bad: string) => {
  if (instanceId === bad) throw new PipelineError('ssh.failed', '`sv` failed', { details: ['timeout: run: api'] });
};

describe('a restart of a service that takes over from itself', () => {
  it('is made on every instance, the first one alone, and none leaves the load balancer', async () => {
    made = await restartWorld(true);
    const before = await groupOf(made);
    let [active, most] = [0, 0];
    const counts: number[] = [];
    made.before.restart = async () => {
      most = Math.max(most, ++active);
      counts.push(active);
      await made.world.clock.sleep(100);
      active--;
    };
    const { error, state } = await made.world.run(await planOf(made, { batch: { instances: 3 } }));
    expect(error).toBeUndefined();
    expect(counts[0]).toBe(1);
    expect(most).toBe(3);
    expect([...made.restarted].sort()).toEqual(Object.keys(before.members).sort());
    expect(state.finished?.length).toBe(4);
    expect(await groupOf(made)).toEqual(before);
    expect(made.world.cloud.calls.total('EnterStandby')).toBe(0);
  }, 60_000);

  it('stops at the first instance whose service does not take over, which serves on', async () => {
    made = await restartWorld(true);
    made.world.secrets.fails = () => 'v1 is not healthy beside v1: it answers 503';
    const { error, outcome } = await made.world.run(await planOf(made));
    expect(outcome).toBe('rolled-back');
    expect(error).toMatchObject({
      code: 'restart.failed',
      message: expect.stringMatching(
        /^the service of i-\w+ did not come back: i-\w+ serves on as before: .* answers 503$/,
      ),
      details: ['restarted before: 0; left as they are: 3'],
    });
    expect(made.restarted).toHaveLength(1);
    expect(await made.world.serving()).toEqual(firstRelease);
  }, 60_000);
});

describe('a restart through Standby', () => {
  it.each([1, 2])(
    'has %i instances at a time out of service, after the first one, and leaves the group as it was',
    async (batch) => {
      made = await restartWorld(false);
      const before = await groupOf(made);
      const out: number[] = [];
      made.before.restart = async (instanceId: string) => {
        const standby = standbyIn((await groupOf(made)).members);
        expect(standby).toContain(instanceId);
        out.push(standby.length);
      };
      const { error } = await made.world.run(await planOf(made, { batch: { instances: batch } }));
      expect(error).toBeUndefined();
      expect(out[0]).toBe(1);
      expect(Math.max(...out)).toBe(batch);
      expect([...made.restarted].sort()).toEqual(Object.keys(before.members).sort());
      expect(await groupOf(made)).toEqual(before);
      expect(await made.world.serving()).toEqual(firstRelease);
    },
    60_000,
  );

  it('stops at an instance that cannot be restarted, returns it, and leaves the others as they are', async () => {
    made = await restartWorld(false);
    const before = await groupOf(made);
    const [first = '', second = ''] = Object.keys(before.members).sort();
    made.before.restart = (instanceId) => refuse(instanceId, second);
    const { error, outcome } = await made.world.run(await planOf(made));
    expect(outcome).toBe('rolled-back');
    expect(error).toMatchObject({
      code: 'restart.failed',
      message: expect.stringContaining(`the service of ${second} did not come back`),
      details: expect.arrayContaining(['restarted before: 1; left as they are: 2']),
    });
    expect(made.restarted).toEqual([first]);
    expect(await groupOf(made)).toEqual(before);
  }, 60_000);

  it('has the group replace an instance that does not become healthy, and touches no other', async () => {
    made = await restartWorld(false);
    const before = await groupOf(made);
    const [first = ''] = Object.keys(before.members).sort();
    made.before.restart = (instanceId) => made.world.cloud.faults.add({ kind: 'never-healthy', instance: instanceId });
    const { error, outcome } = await made.world.run(await planOf(made));
    made.world.cloud.faults.clear();
    expect(outcome).toBe('rolled-back');
    expect(error).toMatchObject({ code: 'restart.failed', message: expect.stringContaining(first) });
    expect(made.restarted).toEqual([first]);
    const { members, ...size } = await groupOf(made);
    expect(size).toEqual({ min: 4, max: before.max, desired: 4, suspended: [] });
    expect(Object.keys(members)).not.toContain(first);
    expect(await made.world.serving()).toEqual(firstRelease);
  }, 60_000);

  it('that is interrupted returns the instance that is out of service', async () => {
    made = await restartWorld(false);
    const before = await groupOf(made);
    const stop = new AbortController();
    made.before.restart = () => stop.abort(new PipelineError('interrupted', 'Ctrl-C', { outcome: 'interrupted' }));
    const { outcome } = await made.world.run(await planOf(made, { batch: { instances: 2 } }), { signal: stop.signal });
    expect(outcome).toBe('interrupted');
    expect(made.restarted).toHaveLength(1);
    expect(await groupOf(made)).toEqual(before);
    expect(await made.world.serving()).toEqual(firstRelease);
  }, 60_000);

  it('keeps a size that somebody else sets meanwhile', async () => {
    made = await restartWorld(false);
    const { autoScaling } = made.world.aws;
    const { group } = made.world.fleet.names;
    let changed = false;
    made.before.restart = async () => {
      if (!changed) await setCapacity(autoScaling, group, { desired: 5 });
      changed = true;
    };
    const { error } = await made.world.run(await planOf(made));
    expect(error).toBeUndefined();
    await made.world.until(
      () => groupOf(made),
      ({ members }) => Object.values(members).every((one) => one === 'InService') && Object.keys(members).length === 5,
    );
    expect(await groupOf(made)).toMatchObject({ min: 4, desired: 5, suspended: [] });
  }, 60_000);
});

it('only the named instance is restarted', async () => {
  made = await restartWorld(false);
  const [, , third = ''] = Object.keys((await groupOf(made)).members).sort();
  expect((await made.world.run(await planOf(made, { instance: third }))).error).toBeUndefined();
  expect(made.restarted).toEqual([third]);
}, 60_000);

it('with blue/green the group that serves is restarted, and the one that is kept is left alone', async () => {
  made = await restartWorld(true, {}, [
    ['verifySeconds: 5,', "strategy: 'blue-green', weights: [100], rollbackWindow: 86_400, verifySeconds: 2,"],
  ]);
  const { world } = made;
  expect((await world.run(await planRelease(world.services, world.clock, {}))).error).toBeUndefined();
  const { names } = world.fleet;
  const serving = Object.keys((await groupOf(made, names.greenGroup)).members).sort();
  const kept = await groupOf(made, names.group);
  expect(Object.keys(kept.members)).toHaveLength(4);
  made.restarted.length = 0;
  expect((await world.run(await planOf(made))).error).toBeUndefined();
  expect([...made.restarted].sort()).toEqual(serving);
  expect(await groupOf(made, names.group)).toEqual(kept);
}, 60_000);
