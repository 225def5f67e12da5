import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { setCapacity } from '../../src/aws/groups.ts';
import { restartOperation } from '../../src/restart/operation.ts';
import { runOperation } from '../../src/runner/run-operation.ts';
import { runnerOfTest } from '../runner/support/runner-context.ts';
import { type CallFault, NumberedCalls } from '../simulation/support/numbered-calls.ts';
import { firstRelease } from '../support/simulated.ts';
import { groupOf, planOf, type RestartWorld, restartWorld, standbyIn } from './support/restarted.ts';

let made: RestartWorld;
let calls: NumberedCalls;
beforeAll(async () => {
  made = await restartWorld(false);
  calls = new NumberedCalls(made.world);
}, 60_000);
afterAll(() => made?.world.close());

/** As the command does, so that the ledger knows the run that the group is tagged with. */
async function restarting() {
  const { clock, services } = made.world;
  const plan = await planOf(made, { batch: { instances: 2 } });
  const run = { operation: restartOperation, services, plan };
  return (await runOperation(runnerOfTest(clock, 'pipeline restart api'), run)).result;
}

describe('a batch that returns from Standby', () => {
  it.each<CallFault>(['answer-lost', 'failed', 'refused'])(
    'leaves the group as it was whichever call of the restart is %s',
    async (fault) => {
      const { world } = made;
      const before = await groupOf(made);
      const outcomes = new Set<string>();
      for (let number = 1; ; number++) {
        calls.restart({ number, fault });
        const { outcome, leftovers } = await restarting();
        const struck = calls.struck.length > 0;
        calls.restart();
        expect({ number, leftovers }).toEqual({ number, leftovers: [] });
        await world.clock.sleep(60_000);
        const { members, ...size } = await groupOf(made);
        const { members: _, ...sizeBefore } = before;
        expect({ number, ...size }).toEqual({ number, ...sizeBefore });
        expect(Object.values(members)).toEqual(Array(4).fill('InService'));
        expect(await world.serving()).toEqual(firstRelease);
        if (!struck) break;
        outcomes.add(outcome);
      }
      // A lost answer is not a failure; the others are, wherever they strike.
      if (fault === 'answer-lost') expect([...outcomes]).toEqual(['done']);
      else expect(outcomes).toContain('rolled-back');
    },
    120_000,
  );
});

describe('a batch in Standby while autoscaling changes the size of the group', () => {
  let own: RestartWorld;
  afterEach(() => own?.world.close());

  /** Restarts with one instance first and three after it, and changes the desired capacity while those are out. */
  async function whileOut(by: number, { settled = true } = {}) {
    own = await restartWorld(false);
    const { aws, clock, fleet } = own.world;
    await setCapacity(aws.autoScaling, fleet.names.group, { min: 0 });
    const before = Object.keys((await groupOf(own)).members);
    let batch: string[] = [];
    let calls = 0;
    own.before.restart = async () => {
      if (++calls !== 2) return;
      const { members, desired } = await groupOf(own);
      batch = standbyIn(members);
      await setCapacity(aws.autoScaling, fleet.names.group, { desired: desired + by });
      if (settled) await clock.sleep(60_000);
    };
    const { error } = await own.world.run(await planOf(own, { batch: { instances: 3 } }));
    expect(error).toBeUndefined();
    // Once the run has ended, the group may balance its zones, which is not the run's doing.
    const atEnd = (await groupOf(own)).members;
    await clock.sleep(60_000);
    const after = await groupOf(own);
    expect([...new Set(Object.values(after.members))]).toEqual(['InService']);
    expect(after.suspended).toEqual([]);
    return { before, batch, after, stayed: batch.filter((id) => id in atEnd) };
  }

  it('loses one of its instances for the one that a scale-out by one has launched, and no other', async () => {
    const { after, stayed } = await whileOut(1);
    expect(stayed).toHaveLength(2);
    expect(after.desired).toBe(4);
  }, 60_000);

  it('returns whole after a scale-in by one', async () => {
    const { before, batch, after, stayed } = await whileOut(-1);
    expect(stayed).toEqual(batch);
    expect(after.desired).toBe(before.length - 1);
  }, 60_000);

  it('may lose one on its return to a scale-in that is not over, which does not fail it', async () => {
    const { before, after } = await whileOut(-1, { settled: false });
    expect(after.desired).toBe(before.length - 1);
  }, 60_000);
});
