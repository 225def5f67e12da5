import type { ScheduledAction } from '../../aws/scaling-settings.ts';
import type { RunContext, Step } from '../../run/step.ts';
import type { ReleaseState, Services } from '../services.ts';
import { eventsOf, runningEvent } from './windows.ts';

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

/** Tag of a group that is held above its usual size: `<min>/<desired>/<since>/<until>`, times in ISO, `-` for no end. */
export const heldTag = 'golden-pipeline:scaled-from';

export function heldText({ min, desired }: Baseline, since: string, until: string | undefined): string {
  return `${min}/${desired}/${since}/${until ?? '-'}`;
}

/**
 * The baseline of a group that is held now; undefined when it is not. The minimum alone says nothing: others may have changed it
 * since, and the machines are still there.
 */
function readBaseline(tag: string | undefined, live: Baseline, now: number): Baseline | undefined {
  const { min, desired, since, until } = readTag(tag) ?? {};
  if (min === undefined || desired === undefined || since === undefined || until === undefined) return undefined;
  if (now < since || now >= until) return undefined;
  return live.min > min || live.desired > desired ? { min, desired } : undefined;
}

/** The baseline of a group that is held now, by its tag or by an event that ends by the schedule; undefined when it is not held. */
export function heldBaseline(
  tag: string | undefined,
  actions: readonly ScheduledAction[],
  live: Baseline,
  now: number,
): Baseline | undefined {
  const tagged = readBaseline(tag, live, now);
  if (tagged) return tagged;
  const { min, desired } = runningEvent(eventsOf(actions, now))?.in ?? {};
  if (min === undefined) return undefined;
  const above = live.min > min || (desired !== undefined && live.desired > desired);
  return above ? { min, desired: desired ?? min } : undefined;
}

/**
 * The size that a fleet which is not held goes back to: what it has. A minimum below the configured one is no usual size, something
 * has lowered it by mistake.
 */
export function usualSize(live: Baseline, configuredMin: number): Baseline {
  const min = Math.max(live.min, configuredMin);
  return { min, desired: Math.max(live.desired, min) };
}

function readTag(tag: string | undefined) {
  const [, min, desired, since = '', until = ''] = /^(\d+)\/(\d+)\/([^/]+)\/([^/]+)$/.exec(tag ?? '') ?? [];
  if (min === undefined) return undefined;
  return {
    min: Number(min),
    desired: Number(desired),
    since: Date.parse(since),
    until: until === '-' ? Number.POSITIVE_INFINITY : Date.parse(until),
  };
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
