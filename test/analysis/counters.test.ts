import { describe, expect, it } from 'vitest';
import { CounterWatch, pastCounters } from '../../src/analysis/counters.ts';
import type { Metrics, Period } from '../../src/aws/metrics.ts';

const limits = { minSamples: 20, errorMargin: 2, errorFactor: 2, latencyFactor: 2, latencyFloorMs: 100 };
const where = { listenerArn: 'l', targetGroupArn: 't' };
const minute = 60_000;
const good: Omit<Period, 'at'> = { requests: 1000, targetErrors: 1, balancerErrors: 0, p95Ms: 80 };

/** Metrics whose minutes are the given ones. */
function metricsOf(minutes: Partial<Period>[]): Metrics & { asked: number } {
  const all = minutes.map((one, index) => ({ ...good, at: index * minute, ...one }));
  return {
    asked: 0,
    alarms: async () => [],
    async periods({ from, to }) {
      this.asked++;
      return all.filter(({ at }) => at >= from && at < to);
    },
    close: () => undefined,
  };
}

/** What the fleet's minutes, each read once it is over, show. */
async function watched(minutes: Partial<Period>[]): Promise<string[][]> {
  const metrics = metricsOf(minutes);
  const before = { requests: 15_000, targetErrors: 15, balancerErrors: 0, p95Ms: 80 };
  const watch = new CounterWatch({ metrics, where, before, limits, reads: 2, since: 0 });
  const found: string[][] = [];
  for (let at = 1; at <= minutes.length; at++) {
    const faults = await watch.read(at * minute);
    found.push(faults.map(({ message, persistent }) => `${message}${persistent ? ' (lasting)' : ''}`));
  }
  return found;
}

describe('counters of the load balancer', () => {
  it('find nothing in a fleet as good as before, or with hardly any requests', async () => {
    expect(await watched([{}, { targetErrors: 5 }, { requests: 10, targetErrors: 10 }, { p95Ms: 170 }])).toEqual([
      [],
      [],
      [],
      [],
    ]);
  });

  it('find more errors of targets or of the balancer that persist from the second minute on', async () => {
    const found = await watched([{}, { targetErrors: 50 }, { targetErrors: 50 }, {}, { balancerErrors: 50 }]);
    expect(found.map((one) => one.length)).toEqual([0, 1, 1, 0, 1]);
    expect(found[1]).toEqual([
      'the balancer counted 50 errors in 1000 requests of a minute (5 %), before: 15 of 15000 (0.1 %)',
    ]);
    expect(found[2]?.[0]).toMatch(/\(lasting\)$/);
  });

  describe('of a group with 5 % of 10,000 requests a minute', () => {
    const canary = { requests: 500, balancerRequests: 10_000, targetErrors: 0 };
    const before = { requests: 150_000, targetErrors: 0, balancerErrors: 450, balancerRequests: 150_000 };
    const faultsOf = async (minutes: Partial<Period>[]) => {
      const watch = new CounterWatch({ metrics: metricsOf(minutes), where, before, limits, reads: 2, since: 0 });
      return watch.read(minutes.length * minute);
    };

    it('find nothing in 0.3 % errors of the balancer, which are those of all groups', async () => {
      expect(await faultsOf(Array(3).fill({ ...canary, balancerErrors: 30 }))).toEqual([]);
      expect(
        await faultsOf([
          { ...canary, balancerErrors: 30 },
          { requests: 10_000, balancerErrors: 30 },
        ]),
      ).toEqual([]);
    });

    it('find instances that close all connections, and targets that fail', async () => {
      expect(await faultsOf(Array(2).fill({ ...canary, balancerErrors: 530 }))).toMatchObject([
        {
          message:
            'the balancer answered 530 errors by itself in 10530 requests of a minute (5 %), before: 450 of 150450 (0.3 %)',
          persistent: true,
        },
      ]);
      expect(await faultsOf(Array(2).fill({ ...canary, targetErrors: 30 }))).toMatchObject([
        { key: 'balancer errors', persistent: true },
      ]);
    });

    it('find a balancer that reaches no target at all', async () => {
      expect(
        await faultsOf(Array(2).fill({ ...canary, requests: 0, balancerErrors: 400, balancerRequests: 0 })),
      ).toMatchObject([{ key: 'balancer own errors', persistent: true }]);
    });
  });

  it('find slow answers', async () => {
    expect((await watched([{ p95Ms: 400 }, { p95Ms: 400 }])).at(-1)).toEqual([
      'the balancer measured p95 400 ms over a minute, before: 80 ms (lasting)',
    ]);
  });

  it('fail a version at the first reading by minutes of the roll, from when on it had the traffic', async () => {
    const metrics = metricsOf([{ targetErrors: 500 }, { targetErrors: 300 }, { targetErrors: 300 }]);
    const before = { requests: 15_000, targetErrors: 15, balancerErrors: 0 };
    const carried = new CounterWatch({ metrics, where, before, limits, reads: 2, since: 10_000 });
    expect(await carried.read(3 * minute)).toMatchObject([{ key: 'balancer errors', persistent: true }]);
    expect(carried.coverage()).toEqual({ minutes: 2, evaluated: 2, requests: 2000 });
    const anew = new CounterWatch({ metrics, where, before, limits, reads: 2, since: 2 * minute + 10_000 });
    expect(await anew.read(3 * minute)).toEqual([]);
  });

  it('are read as soon as a minute is over, also when the window began within one', async () => {
    const metrics = metricsOf([{}, {}, {}, {}, {}]);
    const before = { requests: 15_000, targetErrors: 15, balancerErrors: 0 };
    const watch = new CounterWatch({ metrics, where, before, limits, reads: 2, since: 50_000 });
    for (let at = 50_000; at <= 5 * minute; at += 5000) await watch.read(at);
    expect({ asked: metrics.asked, ...watch.coverage() }).toMatchObject({ asked: 5, minutes: 4 });
  });

  it('are read once a minute, and only for whole minutes', async () => {
    const metrics = metricsOf([{ targetErrors: 500 }, {}]);
    const before = { requests: 15_000, targetErrors: 15, balancerErrors: 0 };
    const watch = new CounterWatch({ metrics, where, before, limits, reads: 2, since: 0 });
    for (let at = 0; at < minute; at += 5000) expect(await watch.read(at)).toEqual([]);
    expect(metrics.asked).toBe(0);
    expect(await watch.read(minute)).toHaveLength(1);
    expect(watch.total()).toMatchObject({ requests: 1000, targetErrors: 500 });
  });

  it('of the past are summed, with the median of the minutes as p95', async () => {
    const metrics = metricsOf([{ p95Ms: 50 }, { p95Ms: 70 }, { p95Ms: 90, targetErrors: 3 }]);
    expect(await pastCounters(metrics, where, 3 * minute)).toEqual({
      requests: 3000,
      targetErrors: 5,
      balancerErrors: 0,
      balancerRequests: 3000,
      p95Ms: 70,
    });
    expect(await pastCounters(metricsOf([]), where, 3 * minute)).toBeUndefined();
  });
});
