import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { restartOperation } from '../../src/restart/operation.ts';
import { runOperation } from '../../src/runner/run-operation.ts';
import { runnerOfTest } from '../runner/support/runner-context.ts';
import { type CallFault, NumberedCalls } from '../simulation/support/numbered-calls.ts';
import { firstRelease } from '../support/simulated.ts';
import { groupOf, planOf, type RestartWorld, restartWorld } from './support/restarted.ts';

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
