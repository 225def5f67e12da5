import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Ec2Instance } from '../../src/aws/instances.ts';
import { groupInstances } from '../../src/aws/instances.ts';
import { restartOperation } from '../../src/restart/operation.ts';
import { planRestart } from '../../src/restart/plan.ts';
import { abort } from '../../src/runner/abort.ts';
import { type Continuation, planContinuation } from '../../src/runner/continuation.ts';
import { refuseHeld } from '../../src/runner/holds.ts';
import { runOperation } from '../../src/runner/run-operation.ts';
import { findSameCommand } from '../../src/runner/same-command.ts';
import { runnerOfTest } from '../runner/support/runner-context.ts';
import { die, NotReached } from '../support/dying.ts';
import { firstRelease } from '../support/simulated.ts';
import { groupOf, type RestartWorld, restartWorld } from './support/restarted.ts';

const command = 'pipeline restart api --batch 2';

/** No restart of four instances makes more changes than this. */
const mostChanges = 60;

const ways: Record<string, (made: RestartWorld) => Promise<string | undefined>> = {
  async resume({ world: { clock, services } }) {
    const runner = runnerOfTest(clock, 'pipeline resume api');
    return finish(runner, services, await planContinuation(runner, services));
  },
  async 'the same command'({ world: { clock, services } }) {
    const runner = runnerOfTest(clock, command);
    const found = await findSameCommand(runner, services, restartOperation);
    return found && finish(runner, services, found);
  },
  async abort({ world: { clock, services } }) {
    const ended = await abort(runnerOfTest(clock, 'pipeline abort api'), services, 'a test');
    return ended?.run.outcome;
  },
};

async function finish(
  runner: ReturnType<typeof runnerOfTest>,
  services: RestartWorld['world']['services'],
  { run, operation, plan, journal, check }: Continuation,
): Promise<string> {
  const { result } = await runOperation(runner, { operation, services, plan, continues: { run, journal, check } });
  return result.outcome;
}

describe.each([
  ['in place', true],
  ['through Standby', false],
])('a restart %s whose process was killed at any change', (_how, takeover) => {
  let made: RestartWorld;
  beforeAll(async () => {
    made = await restartWorld(takeover);
  }, 60_000);
  afterAll(() => made?.world.close());

  const tagsOf = async () => {
    const { aws, fleet } = made.world;
    return (await groupInstances(aws.ec2, fleet.names.group)).map(({ id, version }: Ec2Instance) => `${id} ${version}`);
  };

  it.each(Object.keys(ways))(
    'is finished by %s, and the group is as before',
    async (way) => {
      const { world } = made;
      const before = await groupOf(made);
      const instances = await tagsOf();
      let kills = 0;
      for (let at = 1; at <= mostChanges; at++) {
        for (const how of ['intended', 'made'] as const) {
          made.restarted.length = 0;
          const plan = await planRestart(world.services, world.clock, { batch: { instances: 2 } });
          try {
            await die(world, plan, { at, how }, command);
          } catch (error) {
            if (!(error instanceof NotReached)) throw error;
            expect(kills).toBeGreaterThan(8);
            return;
          }
          kills++;
          const outcome = await ways[way]?.(made);
          expect({ at, how, outcome }).toEqual({ at, how, outcome: way === 'abort' ? 'interrupted' : 'done' });
          await world.clock.sleep(60_000);
          expect({ at, how, ...(await groupOf(made)) }).toEqual({ at, how, ...before });
          expect(await tagsOf()).toEqual(instances);
          expect(await world.serving()).toEqual(firstRelease);
          if (way !== 'abort') expect(new Set(made.restarted).size).toBe(4);
        }
      }
      throw new Error('a restart makes more changes than this test expects');
    },
    120_000,
  );
});

it('a hold does not keep a restart from beginning, and no version is brought by one', async () => {
  const made = await restartWorld(true);
  const { services, clock } = made.world;
  await services.ledger.holds.place({ app: 'api' }, { reason: 'sale', by: 'ann' });
  expect(await refuseHeld(services, restartOperation, undefined)).toEqual([]);
  const runner = runnerOfTest(clock, 'pipeline restart api');
  const plan = await planRestart(services, clock, {});
  const { summary } = await runOperation(runner, { operation: restartOperation, services, plan });
  expect(summary).toEqual({ instances: 4, inPlace: true });
  const [run] = await services.ledger.runs('api', 1);
  expect(run).toMatchObject({ operation: 'restart', outcome: 'done' });
  expect(run?.version).toBeUndefined();
  expect((await services.ledger.releases('api')).map((one) => one.version)).toEqual(['v1']);
  await made.world.close();
}, 60_000);
