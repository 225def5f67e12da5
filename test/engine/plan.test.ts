import { ManualClock } from '@golden-pipeline/shared/testing/manual-clock';
import { describe, expect, it } from 'vitest';
import { createPlan } from '../../src/engine/plan.ts';
import { changing, type Facts } from './support/bench.ts';

const request = { operation: 'release', app: 'api', environment: 'local', services: {}, clock: new ManualClock() };

describe('createPlan', () => {
  it('describes every step with the facts at hand, and changes nothing', async () => {
    const log: string[] = [];
    const steps = [
      changing(log, 'one'),
      { ...changing(log, 'two'), describe: async ({ state }: { state: Facts }) => [`uses ${state.found}`] },
    ];
    const plan = await createPlan<unknown, Facts>({ ...request, steps, initial: { found: 'i-1' } });
    expect(plan.described).toEqual({ one: ['change one'], two: ['uses i-1'] });
    expect(plan.steps).toEqual(steps);
    expect(log).toEqual([]);
  });

  it('refuses two steps with the same id', async () => {
    const steps = [changing([], 'one'), changing([], 'one')];
    await expect(createPlan<unknown, Facts>({ ...request, steps, initial: {} })).rejects.toThrow(
      'two steps of release are called one',
    );
  });
});
