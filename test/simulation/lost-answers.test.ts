import { afterEach, expect, it } from 'vitest';
import { planRelease } from '../../src/release/plan.ts';
import { planRollback } from '../../src/rollback/plan.ts';
import { Simulated } from '../support/simulated.ts';
import { violationsOf } from './support/invariants.ts';
import { NumberedCalls } from './support/numbered-calls.ts';
import { readSnapshot } from './support/snapshot.ts';

let world: Simulated | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});

const blueGreen =
  "strategy: 'blue-green', weights: [50, 100], stepSeconds: 1, rollbackWindow: 86_400, verifySeconds: 2,";

it.each([
  ['a rolling release', 'verifySeconds: 2,'],
  ['a blue/green release', blueGreen],
])(
  '%s, and the rollback of it, are done although the answer to every change is lost',
  async (_what, settings) => {
    world = await Simulated.create([['verifySeconds: 5,', settings]]);
    const { services, clock, cloud } = world;
    const calls = new NumberedCalls(world);
    const release = async () => world?.run(await planRelease(services, clock, {}));
    for (const _ of [1, 2]) expect((await release())?.error).toBeUndefined();
    for (const run of [release, async () => world?.run(await planRollback(services, clock, { force: false }))]) {
      await clock.sleep(120_000);
      const before = await readSnapshot(world);
      calls.restart('all-answers-lost');
      const result = await run();
      calls.restart();
      expect(result?.error).toBeUndefined();
      expect(calls.struck.length).toBeGreaterThan(0);
      await clock.sleep(120_000);
      const { outcome = 'failed', leftovers = [], state } = result ?? {};
      const ending = { outcome, leftovers, version: state?.version ?? '' };
      expect(violationsOf(before, await readSnapshot(world), ending)).toEqual([]);
    }
    expect(cloud.calls.report({ limit: 10_000 }).calls.some((call) => call.code === 'ConnectionCut')).toBe(true);
  },
  120_000,
);
