import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readGroup, setCapacity } from '../../src/aws/groups.ts';
import { groupInstances } from '../../src/aws/instances.ts';
import { replay } from '../../src/engine/journal.ts';
import { createRunId } from '../../src/engine/run-id.ts';
import { planRelease } from '../../src/release/plan.ts';
import type { ReleaseContext } from '../../src/release/state.ts';
import { versionMove } from '../../src/release/version-move.ts';
import { failingAfter, firstRelease, Simulated } from '../support/simulated.ts';
import { foreignChange, foreignTask } from '../support/simulated-hosts.ts';

let world: Simulated;
const plan = () => planRelease(world.services, world.clock, {});
const host = () => world.plays[0]?.split(' ')[1] ?? '';

/** A fleet whose first release is done, and whose playbook has got a role that the pipeline does not know. */
async function create(edits: [string, string][] = []): Promise<void> {
  world = await Simulated.create(edits);
  expect((await world.run(await plan())).error).toBeUndefined();
  world.plays.length = 0;
  world.playbook.plays[0]?.tasks.push(foreignTask);
}
afterEach(() => world?.close());

describe('a blue/green release that detaches first', () => {
  beforeEach(
    () =>
      create([['verifySeconds: 5,', "strategy: 'blue-green', stepSeconds: 1, rollbackWindow: 400, verifySeconds: 5,"]]),
    60_000,
  );

  it('returns an instance to the old version when its plays have not changed it', async () => {
    const { initial } = await plan();
    expect((await world.run(await plan())).outcome).toBe('done');
    const instance = (await groupInstances(world.aws.ec2, initial.group)).find((one) => one.id === host());
    expect(instance?.version).toBe('v1');
    expect(world.plays.map((play) => play.split(' ')[0])).toContain('revert');
  }, 60_000);

  it('replaces an instance that they have changed, which no longer matches the old version', async () => {
    world.changes.stage = [foreignChange];
    const { initial } = await plan();
    const { outcome, state } = await world.run(await plan());
    expect({ outcome, host: state.host, detached: state.detached }).toEqual({
      ...{ outcome: 'done', host: undefined, detached: null },
    });
    const after = await readGroup(world.aws.autoScaling, initial.group);
    expect(after.instances.map((one) => one.id)).not.toContain(host());
    // It is the idle one now, whose alarms are silent.
    expect(after.suspended).not.toContain('AZRebalance');
    expect(world.plays.map((play) => play.split(' ')[0])).not.toContain('revert');
  }, 60_000);
});

describe('a rolling release that detaches first', () => {
  beforeEach(() => create(), 60_000);

  it('terminates the instance and continues when the group is filled while the instance is staged', async () => {
    world.changes.stage = () => [foreignChange];
    const planned = await plan();
    const steps = planned.steps.map((step) =>
      step.id === 'stage'
        ? {
            ...step,
            run: async (context: ReleaseContext) => {
              await step.run(context);
              await setCapacity(world.aws.autoScaling, world.fleet.names.group, { min: 4, max: 4, desired: 4 });
            },
          }
        : step,
    );
    const result = await world.run({ ...planned, steps });
    expect(result).toMatchObject({ outcome: 'done', leftovers: [] });
    const { min, max, desired, suspended } = await readGroup(world.aws.autoScaling, world.fleet.names.group);
    expect({ min, max, desired, suspended }).toEqual({ min: 4, max: 4, desired: 4, suspended: [] });
    expect(await world.serving()).toEqual(firstRelease.map((one) => one.replace('v1', 'v2')));
  }, 60_000);

  it('keeps the size of the group when it is filled while the instance is staged, and the release fails afterwards', async () => {
    world.changes.stage = [foreignChange];
    const planned = await plan();
    const run = async () => {
      await setCapacity(world.aws.autoScaling, world.fleet.names.group, { min: 4, max: 4, desired: 4 });
      throw new Error('broken');
    };
    const steps = planned.steps.map((step) => (step.id === 'bake' ? { ...step, run } : step));
    expect(await world.run({ ...planned, steps })).toMatchObject({ outcome: 'rolled-back', leftovers: [] });
    const { min, max, desired, suspended } = await readGroup(world.aws.autoScaling, world.fleet.names.group);
    expect({ min, max, desired, suspended }).toEqual({ min: 4, max: 4, desired: 4, suspended: [] });
    expect(await world.serving()).toEqual(firstRelease);
  }, 60_000);

  it('moves traffic with the return of the instance, not before', async () => {
    const moved: Record<string, boolean | undefined> = {};
    for (const id of ['validate', 'return-instance']) {
      const runId = createRunId(world.clock);
      await world.run(failingAfter(await plan(), id), { runId });
      moved[id] = versionMove(replay(await world.services.ledger.journal(runId))).moved;
    }
    expect(moved).toEqual({ validate: false, 'return-instance': true });
  }, 60_000);
});
