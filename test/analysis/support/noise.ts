/** How a simulated fleet answers. */
export interface Noise {
  /** Share of answers that fail. */
  errors: number;
  /** Of the times, in milliseconds; they are log-normal. */
  medianMs: number;
  /** Standard deviation of the logarithm of the times. */
  spread: number;
  /** Bursts of 3 s a minute in which half the answers fail or take 2 s more. */
  bursts: number;
  /** Only this path is like that; the others are as good as can be. */
  onlyPath?: string;
}

/** Numbers in [0, 1) that are the same for the same seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed * 0x9e3779b9;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A fleet with this noise: what a probe at a time, in milliseconds, sees. */
export function noisyFleet(noise: Noise, random: () => number) {
  const starts = new Map<number, number[]>();
  const burstsIn = (minute: number): number[] => {
    const known = starts.get(minute) ?? Array.from({ length: noise.bursts }, () => minute * 60_000 + random() * 57_000);
    starts.set(minute, known);
    return known;
  };
  return (at: number, path: string): { ms: number; fault?: string } => {
    const { errors, medianMs, spread } = noise;
    const meant = noise.onlyPath === undefined || noise.onlyPath === path;
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const burst = burstsIn(Math.floor(at / 60_000)).some((start) => at >= start && at < start + 3000);
    const ms = medianMs * Math.exp(spread * normal) + (burst && random() < 0.5 ? 2000 : 0);
    if (random() < (burst ? 0.5 : meant ? errors : 0)) return { ms, fault: 'answered 500 instead of 200' };
    return { ms };
  };
}
