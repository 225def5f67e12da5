import type { Metrics, Period } from '../aws/metrics.ts';
import { aboveMargins, type Limits, slowLimit } from './compare.ts';
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
  readonly #rows = { errors: 0, 'own errors': 0, latency: 0 };
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
      evaluated: this.#periods.filter((one) => one.requests >= minSamples).length,
      requests: this.total()?.requests ?? 0,
    };
  }

  #evaluate(one: Period): void {
    this.#evaluatedAt = one.at;
    this.#standing = [];
    const { before, limits } = this.#options;
    const enough = one.requests >= limits.minSamples;
    const targets = { now: targetShare(one), was: targetShare(before) };
    this.#row('errors', this.#more(targets), `the balancer counted ${errorsText('errors in', targets)}`);
    const own = { now: balancerShare(one), was: balancerShare(before) };
    this.#row('own errors', this.#more(own), `the balancer answered ${errorsText('errors by itself in', own)}`);
    const slow = one.p95Ms !== undefined && before.p95Ms !== undefined && one.p95Ms > slowLimit(before.p95Ms, limits);
    this.#row(
      'latency',
      enough && slow,
      `the balancer measured p95 ${Math.round(one.p95Ms ?? 0)} ms over a minute, before: ${Math.round(before.p95Ms ?? 0)} ms`,
    );
  }

  #more({ now, was }: { now: Share; was: Share }): boolean {
    const { limits } = this.#options;
    return now.of >= limits.minSamples && aboveMargins(now, was, limits) && chanceOf(now, was) < significance;
  }

  #row(kind: 'errors' | 'own errors' | 'latency', wrong: boolean, message: string): void {
    this.#rows[kind] = wrong ? this.#rows[kind] + 1 : 0;
    const persistent = this.#rows[kind] >= this.#options.reads;
    if (wrong) this.#standing.push({ check: 'balancer', key: `balancer ${kind}`, message, persistent });
  }
}

const targetShare = ({ requests, targetErrors }: Counters): Share => ({ hits: targetErrors, of: requests });

/**
 * The balancer counts its own errors for all its target groups together, so they are compared with the requests of all: a group that has
 * a small part of the traffic would answer for those of the others.
 */
function balancerShare({ requests, balancerErrors, balancerRequests = 0 }: Counters): Share {
  // What the balancer answered by itself reached no target group, so it is not among the requests.
  return { hits: balancerErrors, of: Math.max(requests, balancerRequests) + balancerErrors };
}

const errorsText = (what: string, { now, was }: { now: Share; was: Share }): string =>
  `${now.hits} ${what} ${now.of} requests of a minute (${percent(now)}), before: ${was.hits} of ${was.of} (${percent(was)})`;

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
    // A minute without it has no requests of others.
    balancerRequests: periods.reduce((total, one) => total + Math.max(one.requests, one.balancerRequests ?? 0), 0),
    ...(p95Ms === undefined ? {} : { p95Ms }),
  };
}

const minuteOf = (at: number): number => Math.floor(at / minuteMs);

const percent = (share: Share): string => `${Math.round(rateOf(share) * 1000) / 10} %`;
