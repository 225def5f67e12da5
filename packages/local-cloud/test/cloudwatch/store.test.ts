import fc from '@golden-pipeline/shared/testing/fast-check';
import { describe, expect, it } from 'vitest';
import { Distribution } from '../../src/cloudwatch/distribution.ts';
import { MetricStore } from '../../src/cloudwatch/metric-store.ts';

describe('a distribution', () => {
  const positive = fc.array(
    fc.integer({ min: 0, max: 60_000 }).map((ms) => ms / 1000),
    { minLength: 1, maxLength: 80 },
  );

  it('knows counts, sums and bounds exactly and percentiles to 1 percent, merged or not', () => {
    fc.assert(
      fc.property(positive, positive, fc.integer({ min: 1, max: 100 }), (a, b, percent) => {
        const [one, two] = [new Distribution(), new Distribution()];
        for (const value of a) one.add(value);
        for (const value of b) two.add(value);
        one.merge(two);
        const sorted = [...a, ...b].sort((x, y) => x - y);
        expect(one.count).toBe(sorted.length);
        expect(one.sum).toBeCloseTo(sorted.reduce((sum, value) => sum + value, 0));
        expect([one.min, one.max]).toEqual([sorted[0], sorted.at(-1)]);
        const exact = sorted[Math.ceil((percent / 100) * sorted.length) - 1] ?? 0;
        expect(Math.abs(one.percentile(percent) - exact)).toBeLessThanOrEqual(exact * 0.0101);
      }),
    );
  });

  it('counts repetitions', () => {
    const values = new Distribution();
    values.add(1, 98);
    values.add(5, 2);
    expect([values.count, values.average, values.percentile(98)]).toEqual([100, 1.08, expect.closeTo(1, 1)]);
    expect(values.percentile(99)).toBeCloseTo(5, 0);
    expect(values.percentile(100)).toBe(5);
  });
});

describe('the store', () => {
  const api = { LoadBalancer: 'app/api/1' };
  const minute = 60_000;

  it('gives whole periods that hold values, of the dimensions asked for', () => {
    const store = new MetricStore();
    const at = 1002 * minute;
    for (const [ms, value] of [
      [1000, 1],
      [59_000, 2],
      [61_000, 3],
      [250_000, 4],
    ] as const) {
      store.note(api, 'RequestCount', at + ms, value);
    }
    store.note({ ...api, TargetGroup: 'targetgroup/x/1' }, 'RequestCount', at, 100);
    const read = (seconds: number, from: number, to: number) =>
      store.read(api, 'RequestCount', seconds, from, to).map((point) => [(point.at - at) / 1000, point.values.sum]);
    expect(read(60, at, at + 5 * minute)).toEqual([
      [0, 3],
      [60, 3],
      [240, 4],
    ]);
    expect(read(60, at + 30_000, at + 2 * minute)).toEqual([
      [0, 3],
      [60, 3],
    ]);
    expect(read(300, at, at + 10 * minute)).toEqual([
      [-120, 6],
      [180, 4],
    ]);
    expect(read(10, at, at + 2 * minute)).toEqual([
      [0, 1],
      [50, 2],
      [60, 3],
    ]);
    expect(read(60, at + 5 * minute, at + 9 * minute)).toEqual([]);
    expect(store.read({ LoadBalancer: 'none' }, 'RequestCount', 60, at, at + minute)).toEqual([]);
  });

  it('forgets seconds after a quarter of an hour and minutes after six', () => {
    const store = new MetricStore();
    store.note(api, 'RequestCount', 0, 1);
    store.note(api, 'RequestCount', 20 * minute, 1);
    expect(store.read(api, 'RequestCount', 1, 0, 30 * minute)).toHaveLength(1);
    expect(store.read(api, 'RequestCount', 60, 0, 30 * minute)).toHaveLength(2);
    store.note(api, 'RequestCount', 7 * 60 * minute, 1);
    expect(store.read(api, 'RequestCount', 60, 0, 8 * 60 * minute)).toHaveLength(1);
  });

  it('forgets them also for what is measured no more, as of a target that is gone', () => {
    const store = new MetricStore();
    store.note(api, 'RequestCount', 0, 1);
    store.note({ LoadBalancer: 'app/other/1' }, 'RequestCount', 20 * minute, 1);
    expect(store.read(api, 'RequestCount', 1, 0, 30 * minute)).toEqual([]);
    expect(store.read(api, 'RequestCount', 60, 0, 30 * minute)).toHaveLength(1);
    store.note({ LoadBalancer: 'app/other/1' }, 'RequestCount', 7 * 60 * minute, 1);
    expect(store.read(api, 'RequestCount', 60, 0, 8 * 60 * minute)).toEqual([]);
  });
});
