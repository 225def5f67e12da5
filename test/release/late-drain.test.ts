import { afterEach, expect, it } from 'vitest';
import { planRelease } from '../../src/release/plan.ts';
import { planRollback } from '../../src/rollback/plan.ts';
import { readStatus } from '../../src/status/read.ts';
import { failingAfter, Simulated } from '../support/simulated.ts';

let world: Simulated | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});

// A load balancer of AWS shows targets as draining for the whole of its delay, however soon their requests have ended.
it.each([
  { strategy: 'rolling', method: 'rolling' as const, failing: ['validate', 'roll'] },
  { strategy: 'blue-green', method: 'switch' as const, failing: ['validate'] },
])(
  'releases ($strategy) and rollbacks wait for drains that last for the whole deregistration delay',
  async ({ strategy, method, failing }) => {
    const made = await Simulated.create([
      ['verifySeconds: 5,', `strategy: '${strategy}', stepSeconds: 1, rollbackWindow: 400, verifySeconds: 5,`],
    ]);
    world = made;
    const { services, clock, cloud } = made;
    const fault = cloud.faults.add({ kind: 'late-drain' });
    const release = () => planRelease(services, clock, {});
    const serving = () => readStatus(services);
    for (const version of ['v1', 'v2']) {
      expect(await made.run(await release())).toMatchObject({ outcome: 'done', leftovers: [] });
      expect(await serving()).toMatchObject({ version, healthy: 4, desired: 4 });
    }
    for (const step of failing) {
      expect(await made.run(failingAfter(await release(), step))).toMatchObject({
        outcome: 'rolled-back',
        leftovers: [],
      });
      expect(await serving()).toMatchObject({ version: 'v2', healthy: 4, desired: 4 });
    }
    expect(await made.run(await planRollback(services, clock, { force: false, method }))).toMatchObject({
      ...{ outcome: 'done', leftovers: [] },
    });
    expect(await serving()).toMatchObject({ version: 'v1', healthy: 4, desired: 4 });
    expect(cloud.faults.list().find(({ id }) => id === fault.id)?.hits).toBeGreaterThan(0);
  },
  180_000,
);
