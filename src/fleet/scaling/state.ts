import type { ScheduledAction } from '../../aws/scaling-settings.ts';
import type { RunContext, Step } from '../../engine/step.ts';
import type { ReleaseState, Services } from '../services.ts';

/** The ports of a scale run. */
export interface ScaleServices extends Services {
  /** vCPUs that the account may run at once; undefined when the account has no such limit. Rejects when it cannot be asked. */
  vcpuQuota(): Promise<number | undefined>;
}

/** What a fleet goes back to after an event. */
export interface Baseline {
  min: number;
  desired: number;
}

/** Facts of a scale run, as journaled: those of a release, because the current image is proven by the same step. */
export interface ScaleState extends ReleaseState {
  scale: {
    /** The run takes the fleet back to its usual size. */
    cancel?: true;
    /** Machines that are wanted. */
    to: number;
    /** Times as ISO texts; without `at` it is done now, without `until` it stays until `--cancel`. */
    at?: string;
    until?: string;
    /** What the group had when the run was planned. */
    was: Baseline & { max: number };
    /** What it goes back to: that of an event which goes on, else what it has then without this one. */
    baseline: Baseline;
    /** The fleet is held above its baseline now. */
    held: boolean;
    /** Its policies take the fleet down by themselves, once the minimum allows it. */
    hasPolicies: boolean;
    /** The scheduled end of an event that goes on. */
    end?: ScheduledAction;
    /** What our own schedule holds. */
    events: string[];
    /** Scheduled actions of others that will take away what is done now. */
    disturbedBy: string[];
  };
}

export type ScaleContext = RunContext<ScaleServices, ScaleState>;
export type ScaleStep = Step<ScaleServices, ScaleState>;

/**
 * The size that a fleet which is not held goes back to: what it has. A minimum below the configured one is no usual size, something
 * has lowered it by mistake.
 */
export function usualSize(live: Baseline, configuredMin: number): Baseline {
  const min = Math.max(live.min, configuredMin);
  return { min, desired: Math.max(live.desired, min) };
}

/** What the group is given at the end: with policies only the minimum goes down, and they follow the demand. */
export function endOf({ baseline, hasPolicies }: Pick<ScaleState['scale'], 'baseline' | 'hasPolicies'>): {
  min: number;
  desired?: number;
} {
  return hasPolicies ? { min: baseline.min } : { ...baseline };
}

export function describeEnd(scale: Parameters<typeof endOf>[0]): string {
  const { min, desired } = endOf(scale);
  return desired === undefined
    ? `a minimum of ${min}, and its scaling policies take the fleet down`
    : `${desired} machines (minimum ${min})`;
}
