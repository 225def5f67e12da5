import { Distribution } from './distribution.ts';

/** What a metric is of, e.g. `{ LoadBalancer: 'app/api/1f', TargetGroup: 'targetgroup/api/2e' }`. */
export type Dimensions = Readonly<Record<string, string>>;

/** One period of a metric. */
export interface Point {
  /** Its beginning, in milliseconds. */
  at: number;
  values: Distribution;
}

/** Resolutions that data is kept in: width of a bucket, and how long it is kept, in milliseconds. */
const kept = [
  { width: 1_000, ms: 15 * 60_000 },
  { width: 60_000, ms: 6 * 3_600_000 },
] as const;

/** How often that is looked after, in milliseconds. */
const sweepMs = 60_000;

type Bucket = Map<string, Distribution>;

interface Series {
  dimensions: Dimensions;
  /** When metrics of it were last noted, by metric. */
  metrics: Map<string, number>;
  /** Buckets by their beginning, for each resolution. */
  buckets: Map<number, Bucket>[];
}

/** Metrics by name and dimensions, in memory: seconds for a quarter of an hour, minutes for six hours. */
export class MetricStore {
  readonly #series = new Map<string, Series>();
  /** Callers that keep their dimensions are spared the making of keys: there may be thousands of requests a second. */
  readonly #known = new WeakMap<Dimensions, Series>();
  /** When old buckets were last dropped. */
  #swept = Number.NEGATIVE_INFINITY;

  /** Notes a value that was measured at `at` milliseconds. */
  note(dimensions: Dimensions, metric: string, at: number, value: number, times = 1): void {
    const series = this.#of(dimensions);
    series.metrics.set(metric, at);
    this.#sweep(at);
    for (const [index, { width }] of kept.entries()) {
      const buckets = series.buckets[index] as Map<number, Bucket>;
      const begin = Math.floor(at / width) * width;
      let bucket = buckets.get(begin);
      if (!bucket) {
        bucket = new Map();
        buckets.set(begin, bucket);
      }
      let values = bucket.get(metric);
      if (!values) {
        values = new Distribution();
        bucket.set(metric, values);
      }
      values.add(value, times);
    }
  }

  /**
   * The periods of `seconds` from `from` (rounded down to a whole period) until before `to`, oldest first; those without values
   * are left out.
   */
  read(dimensions: Dimensions, metric: string, seconds: number, from: number, to: number): Point[] {
    const series = this.#series.get(keyOf(dimensions));
    const width = seconds * 1000;
    const buckets = series?.buckets[seconds < 60 ? 0 : 1];
    const first = Math.floor(from / width) * width;
    const points = new Map<number, Distribution>();
    for (const [begin, bucket] of buckets ?? []) {
      const values = bucket.get(metric);
      if (!values || begin < first || begin >= to) continue;
      const at = Math.floor(begin / width) * width;
      const merged = points.get(at) ?? new Distribution();
      merged.merge(values);
      points.set(at, merged);
    }
    return [...points].map(([at, values]) => ({ at, values })).sort((a, b) => a.at - b.at);
  }

  /** All metrics there are, each with its dimensions and when it was last noted. */
  *list(): Generator<{ dimensions: Dimensions; metric: string; last: number }> {
    for (const { dimensions, metrics } of this.#series.values())
      for (const [metric, last] of metrics) yield { dimensions, metric, last };
  }

  /** Drops what is too old, of all series: those of machines that are gone get no values any more. */
  #sweep(at: number): void {
    if (at - this.#swept < sweepMs) return;
    this.#swept = at;
    for (const { buckets } of this.#series.values()) {
      for (const [index, { ms }] of kept.entries()) {
        const of = buckets[index] as Map<number, Bucket>;
        for (const begin of of.keys()) if (begin < at - ms) of.delete(begin);
      }
    }
  }

  #of(dimensions: Dimensions): Series {
    const known = this.#known.get(dimensions);
    if (known) return known;
    const key = keyOf(dimensions);
    let series = this.#series.get(key);
    if (!series) {
      series = { dimensions, metrics: new Map(), buckets: kept.map(() => new Map()) };
      this.#series.set(key, series);
    }
    this.#known.set(dimensions, series);
    return series;
  }
}

function keyOf(dimensions: Dimensions): string {
  return JSON.stringify(Object.entries(dimensions).sort(([a], [b]) => (a < b ? -1 : 1)));
}
