import type { ScheduledAction } from '../../aws/scaling-settings.ts';
import type { RunContext, Step } from '../../run/step.ts';
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
    /** Machines that are wanted. */
    to: number;
    /** Times as ISO texts; without `at` it is done now, without `until` it stays until `--cancel`. */
    at?: string;
    until?: string;
    /** What the group had when the run was planned. */
    was: Baseline & { max: number };
    /** What it goes back to: that of an event which goes on, else what it had. */
    baseline: Baseline;
    /** Its policies take the fleet down by themselves, once the minimum allows it. */
    hasPolicies: boolean;
  };
}

export type ScaleContext = RunContext<ScaleServices, ScaleState>;
export type ScaleStep = Step<ScaleServices, ScaleState>;

/** Names of our scheduled actions. */
export const scaleOutName = 'golden-pipeline-scale-out';
export const scaleInName = 'golden-pipeline-scale-in';

/** Tag of a group that is held above its usual size: `<min>/<desired>/<held>`. It counts only while the minimum is `held`. */
export const heldTag = 'golden-pipeline:scaled-from';

export function baselineText({ min, desired }: Baseline, held: number): string {
  return `${min}/${desired}/${held}`;
}

/** The baseline of a group that is held now; undefined when it is not. */
export function readBaseline(tag: string | undefined, minimum: number): Baseline | undefined {
  const [, min, desired, held] = /^([0-9]+)\/([0-9]+)\/([0-9]+)$/.exec(tag ?? '') ?? [];
  return Number(held) === minimum ? { min: Number(min), desired: Number(desired) } : undefined;
}

/** Our own actions among those of a group. */
export function ownActions(actions: readonly ScheduledAction[]): ScheduledAction[] {
  return actions.filter((one) => one.name === scaleOutName || one.name === scaleInName);
}

/** What the group is given at the end: with policies only the minimum goes down, and they follow the demand. */
export function endOf({ baseline, hasPolicies }: ScaleState['scale']): { min: number; desired?: number } {
  return hasPolicies ? { min: baseline.min } : { ...baseline };
}
