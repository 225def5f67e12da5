/** What a fleet goes back to after an event. */
export interface Baseline {
  min: number;
  desired: number;
}

/** A change of the fleet's size. */
export interface SizeChange {
  /** Instances that are wanted. */
  to: number;
  /** When, in milliseconds since the epoch; absent for now. */
  at?: number;
  /** What the group had when the run was planned. */
  was: Baseline & { max: number };
}

/**
 * The size that a fleet which is not held goes back to: what it has. A minimum below the configured one is not a usual size, something
 * has lowered it by mistake.
 */
export function usualSize(live: Baseline, configuredMin: number): Baseline {
  const min = Math.max(live.min, configuredMin);
  return { min, desired: Math.max(live.desired, min) };
}
