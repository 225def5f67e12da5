/** One measured figure. */
export interface Figure {
  figure: string;
  value: number;
  unit: string;
  /** What we aim at, e.g. `<= 2`. */
  aim?: string;
}

/** A benchmark: measured in one run, against what it is compared with. */
export interface Benchmark {
  name: string;
  /** For one that takes minutes: how long, in words. */
  takes?: string;
  /** @param say What it is at, for who waits. */
  run(say: (line: string) => void): Promise<Figure[]>;
}

/** Median of some numbers. */
export function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? Number.NaN)
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}

/** Milliseconds that `work` takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}
