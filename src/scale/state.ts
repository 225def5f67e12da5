import type { ScheduledAction } from '../aws/scaling-settings.ts';
import type { RunContext, Step } from '../engine/step.ts';
import type { ImageFacts, VersionNames } from '../fleet/facts.ts';
import type { Baseline, SizeChange } from '../fleet/scaling/size.ts';
import type { FleetFacts, Services } from '../fleet/services.ts';
import type { ValidationFacts } from '../release/state.ts';
import type { Instant } from '../shared/instant.ts';

/** What size is wanted, when, and what the fleet has. */
export interface ScaleFacts extends SizeChange {
  /** The run takes the fleet back to its usual size. */
  cancel?: true;
  /** Without it the size stays until `--cancel`. */
  until?: Instant;
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
}

/** Facts of a run that takes the fleet back to its usual size, as journaled. */
export interface CancelState extends FleetFacts {
  scale: ScaleFacts;
}

/** Facts of a scale run, as journaled. The image that serves is validated before the fleet grows onto it. */
export interface ScaleState extends CancelState, VersionNames, ImageFacts, ValidationFacts {}

export type ScaleContext = RunContext<Services, CancelState>;
export type ScaleStep = Step<Services, CancelState>;

/** What the group is given at the end: with policies only the minimum goes down, and they follow the demand. */
export function endOf({ baseline, hasPolicies }: Pick<ScaleFacts, 'baseline' | 'hasPolicies'>): {
  min: number;
  desired?: number;
} {
  return hasPolicies ? { min: baseline.min } : { ...baseline };
}

export function describeEnd(scale: Parameters<typeof endOf>[0]): string {
  const { min, desired } = endOf(scale);
  return desired === undefined
    ? `a minimum of ${min}, and its scaling policies scale the fleet in`
    : `${desired} instances (minimum ${min})`;
}
