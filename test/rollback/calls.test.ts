import { afterEach, expect, it } from 'vitest';
import { planRelease } from '../../src/release/plan.ts';
import { planRollback } from '../../src/rollback/plan.ts';
import { readStatus } from '../../src/status/read.ts';
import { Simulated } from '../support/simulated.ts';

let world: Simulated | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});

const blueGreen = "strategy: 'blue-green', weights: [100], stepSeconds: 0, rollbackWindow: 9000, verifySeconds: 1,";

/** Calls of AWS that a way back makes on a fleet of that size, planning included, by operation. */
async function callsOf(method: 'switch' | 'rolling', instances: number): Promise<string[]> {
  world = await Simulated.create([
    ['capacity: { min: 4, max: 12 }', `capacity: { min: ${instances}, max: 700 }`],
    ['verifySeconds: 5,', method === 'switch' ? blueGreen : 'verifySeconds: 1,'],
    // A fleet of this size takes its time on a busy computer, and on a clock that runs faster.
    ['timeouts: { health: 60, bake: 60, drain: 30,', 'timeouts: { health: 2000, bake: 60, drain: 600,'],
  ]);
  for (let n = 1; n <= 2; n++) {
    const result = await world.run(await planRelease(world.services, world.clock, {}));
    expect(result.error).toBeUndefined();
  }
  const calls: string[] = [];
  for (const client of Object.values(world.aws)) {
    (client.middlewareStack as { add: (typeof world.aws.ec2)['middlewareStack']['add'] }).add(
      (next, context) => (args) => {
        calls.push(context.commandName ?? '');
        return next(args);
      },
      { step: 'initialize', name: 'count' },
    );
  }
  const result = await world.run(await planRollback(world.services, world.clock, { force: false, method }));
  expect(result.error).toBeUndefined();
  const made = [...calls];
  expect(await readStatus(world.services)).toMatchObject({ version: 'v1', healthy: instances });
  await world.close();
  return made.sort();
}

it('a switch makes as many calls for 350 instances as for 10, and one of them changes the weights', async () => {
  const few = await callsOf('switch', 10);
  const many = await callsOf('switch', 350);
  expect(many).toEqual(few);
  expect(few.filter((name) => name === 'ModifyListenerCommand')).toHaveLength(1);
  expect(few.length).toBeLessThanOrEqual(72);
}, 180_000);

/** What is asked at each reading while instances are replaced. */
const polled = ['DescribeInstanceRefreshesCommand', 'DescribeAutoScalingGroupsCommand', 'DescribeTargetHealthCommand'];

it('a rolling rollback makes three calls per reading for 350 instances as for 10, and the same others', async () => {
  const few = await callsOf('rolling', 10);
  const many = await callsOf('rolling', 350);
  const besides = (calls: string[]) => calls.filter((name) => !polled.includes(name));
  expect(besides(many)).toEqual(besides(few));
  // How often there is something to read depends on how busy this computer is: on a clock that runs faster 350 instances are much work.
  // So what is left besides three calls a reading is compared: the looks of the plan, and those of the short verify window.
  const beyondReadings = (calls: string[]) =>
    calls.length - besides(calls).length - 3 * calls.filter((name) => name === polled[0]).length;
  expect(Math.max(beyondReadings(few), beyondReadings(many))).toBeLessThanOrEqual(33);
}, 180_000);
