import fc from '@golden-pipeline/shared/testing/fast-check';
import { describe, expect, it } from 'vitest';
import { chanceOf, quantile, rateOf } from '../../src/analysis/statistics.ts';

describe('chanceOf', () => {
  it.each([
    // Fisher's tea: 3 or 4 of 4 right.
    [{ hits: 3, of: 4 }, { hits: 1, of: 4 }, 17 / 70],
    [{ hits: 4, of: 4 }, { hits: 0, of: 4 }, 1 / 70],
    // C(20,5) / C(80,5)
    [{ hits: 5, of: 20 }, { hits: 0, of: 60 }, 15_504 / 24_040_016],
    [{ hits: 0, of: 50 }, { hits: 3, of: 50 }, 1],
  ])('of %j after %j is the exact probability', (now, before, expected) => {
    expect(chanceOf(now, before)).toBeCloseTo(expected, 10);
  });

  it('is 1 when there is nothing to compare', () => {
    expect(chanceOf({ hits: 5, of: 5 }, { hits: 0, of: 0 })).toBe(1);
    expect(chanceOf({ hits: 0, of: 0 }, { hits: 0, of: 5 })).toBe(1);
  });

  it('equals the sum over all combinations, counted one by one, for any numbers', () => {
    const share = fc
      .integer({ min: 1, max: 30 })
      .chain((of) =>
        fc
          .record({ hits: fc.integer({ max: of }), of: fc.constant(of) })
          .map(({ hits, of: n }) => ({ hits: Math.max(0, hits), of: n })),
      );
    fc.assert(
      fc.property(share, share, (now, before) => {
        const choose = (n: number, k: number): number =>
          k < 0 || k > n ? 0 : k === 0 ? 1 : (choose(n - 1, k - 1) * n) / k;
        const hits = now.hits + before.hits;
        let ways = 0;
        for (let x = now.hits; x <= now.of; x++) ways += choose(now.of, x) * choose(before.of, hits - x);
        expect(chanceOf(now, before)).toBeCloseTo(ways / choose(now.of + before.of, hits), 9);
      }),
    );
  });

  it('handles a million requests quickly', () => {
    expect(chanceOf({ hits: 1_100, of: 1_000_000 }, { hits: 1_000, of: 1_000_000 })).toBeCloseTo(0.0153, 4);
    expect(chanceOf({ hits: 2_000, of: 1_000_000 }, { hits: 1_000, of: 1_000_000 })).toBeLessThan(1e-50);
  });
});

describe('quantile', () => {
  it('is the nearest rank, and undefined without values', () => {
    const times = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
    expect([quantile(times, 0.5), quantile(times, 0.95), quantile([7], 0.5), quantile([], 0.5)]).toEqual([
      5,
      10,
      7,
      undefined,
    ]);
  });
});

describe('rateOf', () => {
  it('is 0 without answers', () => {
    expect([rateOf({ hits: 0, of: 0 }), rateOf({ hits: 1, of: 4 })]).toEqual([0, 0.25]);
  });
});
