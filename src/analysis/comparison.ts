import type { Limits } from './compare.ts';
import { answersOf, Stream } from './stream.ts';
import type { Baseline, Fault, PathBaseline, Sample } from './types.ts';

/** Samples kept for the version before beside the new one, and for the evidence. */
const keptSamples = 1000;

export interface ComparisonOptions {
  baseline: Baseline;
  /** The version that is being released. */
  version: string;
  /** Old and new instances answer side by side. */
  mixed: boolean;
  limits: Limits;
  /** Consecutive readings that make a failure persistent. */
  reads: number;
  /** Bursts up to this long are forgiven, milliseconds. */
  burstMs: number;
}

/**
 * Compares probes with the baseline, path by path and all together. Where old and new instances answer side by side, answers that tell
 * their version are also compared by themselves: among many old instances a few bad new ones would hardly show.
 */
export class Comparison {
  readonly #streams: Stream[];
  readonly #samples: Sample[] = [];

  constructor({ baseline, version, mixed, limits, reads, burstMs }: ComparisonOptions) {
    const { paths } = baseline;
    const pooled = paths.length > 1;
    // For each path errors and two quantiles; beside each other the errors once more for the new version.
    const comparisons = paths.length * (mixed ? 4 : 3) + (pooled ? 1 : 0);
    const common = { limits, reads, burstMs, comparisons };
    this.#streams = paths.flatMap((before) => {
      const here = (sample: Sample) => sample.path === before.path;
      const label = before.path;
      const all = { ...common, label, takes: here, before, latency: !mixed };
      if (!mixed) return [new Stream(all)];
      const fromNew = (sample: Sample) => here(sample) && sample.version === version;
      const beside = (since: number) => this.#timesOf(before.path, baseline.version, since);
      return [new Stream(all), new Stream({ ...all, of: version, takes: fromNew, latency: true, beside })];
    });
    if (pooled) {
      const before = together(paths);
      this.#streams.push(new Stream({ ...common, label: 'all paths', takes: () => true, before, latency: false }));
    }
  }

  add(sample: Sample): void {
    this.#samples.push(sample);
    if (this.#samples.length > keptSamples) this.#samples.shift();
    for (const stream of this.#streams) stream.add(sample);
  }

  /** Forgets all answers so far, as after a time in which this computer had no network. */
  reset(): void {
    this.#samples.length = 0;
    for (const stream of this.#streams) stream.reset();
  }

  /** What the last readings showed. */
  faults(): Fault[] {
    return this.#streams.flatMap((stream) => stream.faults());
  }

  #timesOf(path: string, version: string | undefined, since: number): readonly number[] {
    const old = this.#samples.filter(
      (sample) => sample.path === path && sample.version === version && sample.at >= since,
    );
    return version === undefined ? [] : answersOf(old).times;
  }
}

function together(paths: readonly PathBaseline[]): PathBaseline {
  return {
    path: '',
    of: paths.reduce((sum, path) => sum + path.of, 0),
    failed: paths.reduce((sum, path) => sum + path.failed, 0),
    times: [],
  };
}
