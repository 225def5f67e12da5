import type { Metrics, Period } from '../aws/metrics.ts';
import { type Limits, slowLimit } from './compare.ts';
import { chanceOf, quantile, rateOf, type Share } from './statistics.ts';
import type { Counters, Fault } from './types.ts';

/** Milliseconds of the past that the new version is compared with. */
const pastMs = 15 * 60_000;

/** Milliseconds of a period: the balancer reports once a minute, on the minute. */
const minuteMs = 60_000;

/** How improbable a difference between two minutes of real traffic must be; the margins decide, this only keeps out thin traffic. */
const significance = 0.001;

interface Where {
  listenerArn: string;
  targetGroupArn: string;
}

interface CounterOptions {
  metrics: Metrics;
  where: Where;
  before: Counters;
  limits: Limits;
  /** Consecutive minutes that make a failure persistent. */
  reads: number;
  /** Milliseconds since the epoch: minutes that began before are not the new version's. */
  since: number;
}

/** What the balancer has counted in the last quarter of an hour; undefined without any request. */
export async function pastCounters(metrics: Metrics, where: Where, now: number): Promise<Counters | undefined> {
  return sum(await metrics.periods({ ...where, from: now - pastMs, to: now }));
}

/** Compares each minute of real traffic, as the balancer has counted it, with those before the release. */
export class CounterWatch {
  readonly #options: CounterOptions;
  #asked: number;
  #evaluatedAt = Number.NEGATIVE_INFINITY;
  #periods: Period[] = [];
  readonly #rows = { errors: 0, latency: 0 };
  #standing: Fault[] = [];

  constructor(options: CounterOptions) {
    this.#options = options;
    // Before a minute is over there is nothing to ask for, and CloudWatch refuses a question about no time at all.
    this.#asked = options.since;
  }

  /** What the last minutes showed. Rejects when the metrics cannot be read. */
  async read(now: number): Promise<readonly Fault[]> {
    if (minuteOf(now) === minuteOf(this.#asked)) return this.#standing;
    this.#asked = now;
    const { metrics, where, since } = this.#options;
    const all = await metrics.periods({ ...where, from: since, to: now });
    // A minute that is not over yet has only a part of its requests.
    this.#periods = all.filter(({ at }) => at >= since && at + minuteMs <= now);
    for (const one of this.#periods.filter(({ at }) => at > this.#evaluatedAt)) this.#evaluate(one);
    return this.#standing;
  }

  /** All whole minutes since the start. */
  total(): Counters | undefined {
    return sum(this.#periods);
  }

  /** How much of it there was: minutes with a request, those with enough to be evaluated, and requests. */
  coverage(): { minutes: number; evaluated: number; requests: number } {
    const { minSamples } = this.#options.limits;
    return {
      minutes: this.#periods.length,
      evaluated: this.#periods.filter((one) => errorShare(one).of >= minSamples).length,
      requests: this.total()?.requests ?? 0,
    };
  }

  #evaluate(one: Period): void {
    this.#evaluatedAt = one.at;
    this.#standing = [];
    const { before, limits } = this.#options;
    const now = errorShare(one);
    const was = errorShare(before);
    const enough = now.of >= limits.minSamples;
    const more =
      rateOf(now) - rateOf(was) >= limits.errorMargin / 100 &&
      rateOf(now) >= limits.errorFactor * rateOf(was) &&
      chanceOf(now, was) < significance;
    this.#row(
      'errors',
      enough && more,
      `the balancer counted ${now.hits} errors in ${now.of} requests of a minute (${percent(now)}), before: ${was.hits} of ${was.of} (${percent(was)})`,
    );
    const slow = one.p95Ms !== undefined && before.p95Ms !== undefined && one.p95Ms > slowLimit(before.p95Ms, limits);
    this.#row(
      'latency',
      enough && slow,
      `the balancer measured p95 ${Math.round(one.p95Ms ?? 0)} ms over a minute, before: ${Math.round(before.p95Ms ?? 0)} ms`,
    );
  }

  #row(kind: 'errors' | 'latency', wrong: boolean, message: string): void {
    this.#rows[kind] = wrong ? this.#rows[kind] + 1 : 0;
    const persistent = this.#rows[kind] >= this.#options.reads;
    if (wrong) this.#standing.push({ check: 'balancer', key: `balancer ${kind}`, message, persistent });
  }
}

function errorShare({
  requests,
  targetErrors,
  balancerErrors,
}: Pick<Counters, 'requests' | 'targetErrors' | 'balancerErrors'>): Share {
  // What the balancer answered by itself reached no target group, so it is not among the group's requests.
  return { hits: targetErrors + balancerErrors, of: requests + balancerErrors };
}

function sum(periods: readonly Period[]): Counters | undefined {
  if (periods.length === 0) return undefined;
  const add = (key: 'requests' | 'targetErrors' | 'balancerErrors') =>
    periods.reduce((total, period) => total + period[key], 0);
  const p95Ms = quantile(
    periods.flatMap((period) => period.p95Ms ?? []).sort((a, b) => a - b),
    0.5,
  );
  return {
    requests: add('requests'),
    targetErrors: add('targetErrors'),
    balancerErrors: add('balancerErrors'),
    ...(p95Ms === undefined ? {} : { p95Ms }),
  };
}

const minuteOf = (at: number): number => Math.floor(at / minuteMs);

const percent = (share: Share): string => `${Math.round(rateOf(share) * 1000) / 10} %`;
