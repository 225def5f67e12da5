import { type Answers, aboveMargins, type Limits, moreErrors, slower } from './compare.ts';
import { rateOf } from './statistics.ts';
import type { Fault, Sample } from './types.ts';

/** Answers that are compared as one: of a path or of all, from anybody or from the new instances only. */
export interface StreamOptions {
  /** Shown at the beginning of a fault: the path, or `all paths`. */
  label: string;
  /** Whose answers, for the fault's words; absent for everybody's. */
  of?: string;
  /** Which samples belong here. */
  takes(sample: Sample): boolean;
  before: Answers;
  /** Whether times are compared too; those of different paths must not be mixed. */
  latency: boolean;
  /**
   * Good answers of the version before at the same time, in milliseconds, ascending; for old and new instances side by side. What
   * slows both down is not the new version's doing, so without enough of them times are not compared.
   */
  beside?(since: number): readonly number[];
  limits: Limits;
  /** Consecutive readings that make a failure persistent... */
  reads: number;
  /** ...when they are further apart than this, in milliseconds: a burst that two readings share is forgiven. */
  burstMs: number;
  /** Comparisons made at a reading, over all streams. */
  comparisons: number;
}

/** How many times `minSamples` a comparison looks back: older answers say nothing about now. */
const windows = 10;

/**
 * Collects samples and compares them with before whenever `minSamples` new ones have come. Readings therefore never share all their
 * samples, and two consecutive ones that show a fault are two observations of it.
 */
export class Stream {
  readonly #options: StreamOptions;
  #recent: Sample[] = [];
  #fresh = 0;
  readonly #rows: Record<'errors' | 'latency', number[]> = { errors: [], latency: [] };
  #standing: Fault[] = [];

  constructor(options: StreamOptions) {
    this.#options = options;
  }

  add(sample: Sample): void {
    const { takes, limits } = this.#options;
    if (!takes(sample)) return;
    this.#recent.push(sample);
    if (this.#recent.length > windows * limits.minSamples) this.#recent.shift();
    if (++this.#fresh < limits.minSamples) return;
    this.#fresh = 0;
    this.#read();
  }

  /** Forgets all samples so far. */
  reset(): void {
    this.#recent = [];
    this.#fresh = 0;
    this.#rows.errors.length = 0;
    this.#rows.latency.length = 0;
    this.#standing = [];
  }

  /** What the last reading showed. */
  faults(): readonly Fault[] {
    return this.#standing;
  }

  #read(): void {
    this.#standing = [];
    this.#evaluate('errors', this.#errors());
    if (this.#options.latency) this.#evaluate('latency', this.#latency());
  }

  #evaluate(check: 'errors' | 'latency', message: string | undefined): void {
    const row = this.#rows[check];
    if (message === undefined) {
      row.length = 0;
      return;
    }
    row.push(this.#recent.at(-1)?.at ?? 0);
    const { label, of = '', reads, burstMs } = this.#options;
    const persistent = row.length >= reads && (row.at(-1) as number) - (row[0] as number) >= burstMs;
    this.#standing.push({ check, key: `${check} ${label} ${of}`, message, persistent });
  }

  #errors(): string | undefined {
    const { before, limits, comparisons, label, of } = this.#options;
    const now = answersOf(this.#recent);
    const newest = answersOf(this.#recent.slice(-limits.minSamples));
    if (!moreErrors(now, before, limits, comparisons)) return undefined;
    const was = { hits: before.failed, of: before.of };
    if (!aboveMargins({ hits: newest.failed, of: newest.of }, was, limits)) return undefined;
    const last = this.#recent.findLast((sample) => sample.fault !== undefined);
    const share = Math.round(rateOf({ hits: now.failed, of: now.of }) * 100);
    const whose = of === undefined ? '' : ` of ${of}`;
    return (
      `${label}: ${now.failed} of ${now.of} answers${whose} failed (${share} %), before: ${before.failed} of ${before.of}; ` +
      `the last: ${last?.path === label ? '' : `${last?.path} `}${last?.fault}`
    );
  }

  #latency(): string | undefined {
    const { before, limits, comparisons, label, of, beside } = this.#options;
    const now = answersOf(this.#recent).times;
    const newest = answersOf(this.#recent.slice(-limits.minSamples)).times;
    const found = slower({ now, newest, before: before.times }, limits, comparisons);
    if (!found) return undefined;
    if (beside) {
      const old = beside(this.#recent[0]?.at ?? 0);
      if (old.length < limits.minSamples || !slower({ now, newest, before: old }, limits, comparisons))
        return undefined;
    }
    const whose = of === undefined ? '' : ` of ${of}`;
    const { quantile, nowMs, beforeMs, limitMs } = found;
    return (
      `${label}: answers${whose} take ${quantile} ${shown(nowMs)}, before: ${shown(beforeMs)} ` +
      `(slow is more than ${shown(limitMs)}; ${now.length} answers)`
    );
  }
}

/** Samples in the numbers that are compared. */
export function answersOf(samples: readonly Sample[]): Answers {
  const good = samples.filter((sample) => sample.fault === undefined);
  const times = good.map((sample) => sample.ms).sort((a, b) => a - b);
  return { of: samples.length, failed: samples.length - good.length, times };
}

const shown = (ms: number): string => `${ms < 10 ? Math.round(ms * 10) / 10 : Math.round(ms)} ms`;
