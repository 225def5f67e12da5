import { expect, it } from 'vitest';
import { planRelease } from '../../src/release/plan.ts';
import { planRollback } from '../../src/rollback/plan.ts';
import { Simulated } from '../support/simulated.ts';

/** What two releases and a rollback ask of a cloud that loses and refuses some of the calls, in order and with the time of each. */
async function story(seed: number): Promise<string[]> {
  const world = await Simulated.create([], { seed });
  try {
    world.cloud.faults.add({ kind: 'cut-after', rate: 0.03 });
    world.cloud.faults.add({ kind: 'error', code: 'RequestLimitExceeded', rate: 0.05 });
    const { services, clock } = world;
    const began = clock.now();
    for (const _ of [1, 2]) await world.run(await planRelease(services, clock, {}));
    await world.run(await planRollback(services, clock, { force: false }));
    const { calls } = world.cloud.calls.report({ limit: 10_000 });
    return calls.map(({ at, operation, code }) => `${at - began} ${operation} ${code ?? 'ok'}`);
  } finally {
    await world.close();
  }
}

it('a seed replays two releases and a rollback call by call, to the millisecond', async () => {
  const first = await story(11);
  expect(first.some((line) => line.endsWith('ConnectionCut'))).toBe(true);
  expect(first.length).toBeGreaterThan(500);
  expect(await story(11)).toEqual(first);
});
