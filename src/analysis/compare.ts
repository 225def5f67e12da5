import { chanceOf, quantile, rateOf, type Share } from './statistics.ts';

/** When a difference counts; see `release.watch`. */
export interface Limits {
  minSamples: number;
  /** Percentage points. */
  errorMargin: number;
  errorFactor: number;
  latencyFactor: number;
  /** Milliseconds. */
  latencyFloorMs: number;
}

/** Answers to compare. */
export interface Answers {
  of: number;
  failed: number;
  /** Milliseconds of the good answers, ascending. */
  times: readonly number[];
}

/**
 * How improbable a difference must be to count, before it is divided by the number of comparisons made at a reading (Bonferroni).
 * One in a hundred would be much for a single look; a persistent failure needs several, and the margins besides. Measured with simulated
 * noise: `test/analysis/comparison.test.ts`.
 */
const significance = 0.01;

/** Part of the answers that must be slower than the limit for each of the two quantiles. */
const slowRules = [
  { name: 'median', q: 0.5, least: 0.5 },
  // 5 % are above the 95th percentile by definition; three times as many is not an accident of where it was drawn.
  { name: 'p95', q: 0.95, least: 0.15 },
] as const;

/** A share of failed answers that is higher than before, or undefined. */
export function moreErrors(now: Answers, before: Answers, limits: Limits, comparisons: number): boolean {
  if (now.of < limits.minSamples) return false;
  const share = { hits: now.failed, of: now.of };
  const was = { hits: before.failed, of: before.of };
  return aboveMargins(share, was, limits) && chanceOf(share, was) < significance / comparisons;
}

/** The margins alone: what a reading of a few samples must show too, so that an old burst does not count as still there. */
export function aboveMargins(now: Share, before: Share, limits: Limits): boolean {
  const margin = rateOf(now) - rateOf(before) >= limits.errorMargin / 100;
  return margin && rateOf(now) >= limits.errorFactor * rateOf(before) && now.hits > 0;
}

/** A quantile that has moved. */
export interface Slower {
  quantile: 'median' | 'p95';
  beforeMs: number;
  nowMs: number;
  /** Slower than this counts as slow, milliseconds. */
  limitMs: number;
}

/**
 * Whether answers take longer than before, by the median or the 95th percentile: more of them than chance explains are slower than
 * that quantile of before, times the factor and by the floor at least.
 * @param newest The newest of `now`: they must be as slow, so that an old burst does not count as still there.
 */
export function slower(
  { now, newest, before }: { now: readonly number[]; newest: readonly number[]; before: readonly number[] },
  limits: Limits,
  comparisons: number,
): Slower | undefined {
  if (now.length < limits.minSamples) return undefined;
  for (const { name, q, least } of slowRules) {
    const was = quantile(before, q);
    const is = quantile(now, q);
    if (was === undefined || is === undefined) continue;
    const limitMs = slowLimit(was, limits);
    const share = slowShare(now, limitMs);
    if (rateOf(share) < least || rateOf(slowShare(newest, limitMs)) < least) continue;
    if (chanceOf(share, slowShare(before, limitMs)) >= significance / comparisons) continue;
    return { quantile: name, beforeMs: was, nowMs: is, limitMs };
  }
  return undefined;
}

/** What is slower than a quantile of before counts as slow from here on, milliseconds. */
export function slowLimit(before: number, { latencyFactor, latencyFloorMs }: Limits): number {
  return Math.max(before * latencyFactor, before + latencyFloorMs);
}

/** How many of some times are above a limit. */
export function slowShare(times: readonly number[], limitMs: number): Share {
  return { hits: times.filter((ms) => ms > limitMs).length, of: times.length };
}
