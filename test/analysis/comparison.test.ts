import { describe, expect, it } from 'vitest';
import { Comparison } from '../../src/analysis/comparison.ts';
import { answersOf } from '../../src/analysis/stream.ts';
import type { Sample } from '../../src/analysis/types.ts';
import { type Noise, noisyFleet, randomOf } from './support/noise.ts';

const limits = { minSamples: 20, errorMargin: 2, errorFactor: 2, latencyFactor: 2, latencyFloorMs: 100 };
const paths = ['/version', '/', '/events'];

/** Seconds until the first persistent failure, or undefined: 5 probes a second for a window of 5 minutes, after a baseline of 20 s. */
function watched(seed: number, before: Noise, now: Noise, { mixed = 0 } = {}): { seconds?: number; checks: string[] } {
  const random = randomOf(seed);
  const was = noisyFleet(before, random);
  const old = noisyFleet(before, random);
  const is = noisyFleet(now, random);
  const sample = (fleet: typeof was, version: string, index: number): Sample => {
    const path = paths[index % paths.length] as string;
    return { path, version, at: index * 200, ...fleet(index * 200, path) };
  };
  const taken = Array.from({ length: 150 }, (_, index) => sample(was, 'v1', index));
  const baseline = {
    at: '2026-01-01T00:00:00Z',
    version: 'v1',
    paths: paths
      .map((path) => ({ path, ...answersOf(taken.filter((one) => one.path === path)) }))
      .map((one) => ({ ...one, times: [...one.times] })),
  };
  const comparison = new Comparison({ baseline, version: 'v2', mixed: mixed > 0, limits, reads: 2, burstMs: 5000 });
  for (let index = 0; index < 1500; index++) {
    const isOld = mixed > 0 && random() < mixed;
    comparison.add(isOld ? sample(old, 'v1', index) : sample(is, 'v2', index));
    const persistent = comparison.faults().filter((fault) => fault.persistent);
    if (persistent.length > 0)
      return { seconds: index / 5, checks: [...new Set(persistent.map((fault) => fault.check))] };
  }
  return { checks: [] };
}

const quiet: Noise = { errors: 0.005, medianMs: 40, spread: 0.6, bursts: 0 };

/** Share of `runs` seeded windows in which something was found, and the slowest of those findings in seconds. */
function found(runs: number, before: Noise, now: Noise, options: { mixed?: number } = {}) {
  const all = Array.from({ length: runs }, (_, seed) => watched(seed, before, now, options));
  const hits = all.filter((one) => one.seconds !== undefined);
  return {
    rate: hits.length / runs,
    slowest: Math.max(0, ...hits.map((one) => one.seconds as number)),
    checks: [...new Set(hits.flatMap((one) => one.checks))],
  };
}

describe('a new version as good as the old one', () => {
  it.each<[string, Noise, number]>([
    ['quiet', quiet, 0],
    ['with 5 % errors, before and now', { ...quiet, errors: 0.05 }, 0],
    ['with times that vary widely', { ...quiet, medianMs: 150, spread: 1 }, 0],
    // A burst that falls on the edge of two readings, every minute again: it was 6 of 1,000 windows when measured at length.
    ['with a burst of 3 s every minute, half of it errors and slowness', { ...quiet, bursts: 1 }, 0.03],
  ])('%s: no false alarm in windows of 5 minutes', (_, noise, allowed) => {
    expect(found(100, noise, noise).rate).toBeLessThanOrEqual(allowed);
    expect(found(40, noise, noise, { mixed: 0.75 }).rate).toBeLessThanOrEqual(allowed);
  });
});

describe('a new version that is worse', () => {
  it.each<[string, Noise, number, string]>([
    ['every answer fails', { ...quiet, errors: 1 }, 15, 'errors'],
    ['every third answer fails', { ...quiet, errors: 0.33 }, 30, 'errors'],
    ['every tenth answer fails', { ...quiet, errors: 0.1 }, 300, 'errors'],
    ['one path of three fails', { ...quiet, errors: 1, onlyPath: '/events' }, 30, 'errors'],
    ['answers take four times as long', { ...quiet, medianMs: 160 }, 60, 'latency'],
    ['answers take ten times as long', { ...quiet, medianMs: 400 }, 30, 'latency'],
  ])('%s: always found, within the expected seconds', (_, noise, seconds, check) => {
    const { rate, slowest, checks } = found(50, quiet, noise);
    expect({ rate, checks }).toEqual({ rate: 1, checks: [check] });
    expect(slowest).toBeLessThanOrEqual(seconds);
  });

  it.each<[string, Noise, number]>([
    ['every answer of its instances fails', { ...quiet, errors: 1 }, 60],
    ['every third answer fails', { ...quiet, errors: 0.33 }, 250],
    ['its answers take ten times as long', { ...quiet, medianMs: 400 }, 200],
  ])('%s: found among three times as many old instances', (_, noise, seconds) => {
    const { rate, slowest } = found(50, quiet, noise, { mixed: 0.75 });
    expect(rate).toBe(1);
    expect(slowest).toBeLessThanOrEqual(seconds);
  });
});

describe('old and new instances side by side', () => {
  it('are not compared with the baseline when both are equally slow: the cause is elsewhere', () => {
    const slow = { ...quiet, medianMs: 400 };
    const random = randomOf(1);
    const fleet = noisyFleet(slow, random);
    const times = Array.from({ length: 50 }, () => 40).sort();
    const baseline = { at: '', version: 'v1', paths: [{ path: '/', of: 50, failed: 0, times }] };
    const options = { baseline, version: 'v2', limits, reads: 2, burstMs: 0 };
    const mixed = new Comparison({ ...options, mixed: true });
    const alone = new Comparison({ ...options, mixed: false });
    for (let at = 0; at < 100_000; at += 200) {
      for (const comparison of [mixed, alone])
        comparison.add({ path: '/', version: random() < 0.5 ? 'v1' : 'v2', at, ...fleet(at, '/') });
    }
    expect(mixed.faults().filter((fault) => fault.check === 'latency')).toEqual([]);
    expect(alone.faults().map((fault) => fault.check)).toContain('latency');
  });
});
