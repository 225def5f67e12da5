/** How many of a number of answers have some property: failed, or slower than a limit. */
export interface Share {
  hits: number;
  of: number;
}

/**
 * Probability that a share as high as `now` comes about by chance when both have the same true rate: Fisher's exact test, one-sided
 * (R. A. Fisher, Statistical Methods for Research Workers, section 21.02). Exact for any number of samples, so also for few.
 * @returns From 0 to 1; 1 when either side has no sample.
 */
export function chanceOf(now: Share, before: Share): number {
  const all = now.of + before.of;
  const hits = now.hits + before.hits;
  if (now.of === 0 || before.of === 0) return 1;
  // Hypergeometric tail: the same hits dealt out at random, at least as many of them on this side.
  const total = logChoose(all, hits);
  const most = Math.min(hits, now.of);
  let chance = 0;
  for (let dealt = now.hits; dealt <= most; dealt++) {
    const term = Math.exp(logChoose(now.of, dealt) + logChoose(before.of, hits - dealt) - total);
    chance += term;
    // The terms only get smaller above the expected number.
    if (term < chance * 1e-12 && dealt * all > hits * now.of) break;
  }
  return Math.min(1, chance);
}

/** Part of the answers, from 0 to 1; 0 without any. */
export function rateOf({ hits, of }: Share): number {
  return of === 0 ? 0 : hits / of;
}

/**
 * Quantile of sorted numbers, the nearest rank.
 * @param q From 0 to 1.
 * @returns undefined for no numbers.
 */
export function quantile(sorted: readonly number[], q: number): number | undefined {
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)];
}

/** Logarithm of the number of ways to choose k of n; minus infinity when there are none. */
function logChoose(n: number, k: number): number {
  if (k < 0 || k > n) return Number.NEGATIVE_INFINITY;
  return logFactorial(n) - logFactorial(k) - logFactorial(n - k);
}

const small = [0];

/** ln(n!): summed up to 256, above that Stirling's series, whose error there is below 1e-15 of the value. */
function logFactorial(n: number): number {
  if (n > 256) return n * Math.log(n) - n + 0.5 * Math.log(2 * Math.PI * n) + 1 / (12 * n) - 1 / (360 * n ** 3);
  for (let i = small.length; i <= n; i++) small.push((small[i - 1] as number) + Math.log(i));
  return small[n] as number;
}
