import type { WatchFacts } from '../analysis/types.ts';
import type { ImageFacts, NewTemplate, RefreshFacts, ServedFacts, SizeFacts, VersionFacts } from '../fleet/facts.ts';
import type { ContextWith, FleetFacts, FleetGroup, GroupSettings, StepWith } from '../fleet/services.ts';
import type { TrafficFacts } from '../release/state.ts';

/** The rollback methods, the fastest first. */
export type RollbackMethod = 'switch' | 'in-place' | 'rolling';

/** What a rollback notes of the versions that it goes away from. */
export interface RolledBackFacts extends VersionFacts, ImageFacts {
  /** Versions that the rollback goes away from: no later one goes there by itself. */
  rolledBackFrom?: string[];
  /** Images of those versions. */
  rolledBackImages?: string[];
  /** The version to serve was rolled back before, and serves again. */
  again?: boolean;
}

/** What switches the traffic to the group that still runs the old version. */
export interface SwitchState extends TrafficFacts, RolledBackFacts {
  commit: string;
  /** The group that a switch goes to, as it was, and the two that change places. */
  switched?: { before: GroupSettings; from: FleetGroup; to: FleetGroup };
}

/** What switches the instances in place. */
export interface InPlaceState extends FleetFacts, RolledBackFacts {
  commit: string;
  /** Ids of the instances whose switch has been requested. */
  switching?: string[];
  /** Those that could not, each with its reason: they are replaced. */
  unswitched?: { id: string; reason: string }[];
}

/** Facts of a rollback run, as journaled. */
export interface RollbackState
  extends FleetFacts,
    ServedFacts,
    NewTemplate,
    RefreshFacts,
    SizeFacts,
    WatchFacts,
    SwitchState,
    InPlaceState {
  commit: string;
  /** First line of the commit's message; absent where its record does not have it. */
  subject?: string;
  /** By which method, and why. */
  method: RollbackMethod;
  why: string;
  /** The methods that are not taken, each with its reason. */
  rejected: string[];
  /** Nearer known-good versions that it does not go to as their images cannot be launched, each with its reason. */
  skipped?: string[];
  /** Its image is disabled, and is enabled first. */
  disabled?: boolean;
  /** How the fleet differs from the ledger: a line each. */
  drift?: string[];
  /** An active refresh is canceled first. */
  supersede: boolean;
  /** The run ends when the whole fleet runs the old image. */
  wait: boolean;
}

export type RollbackContext = ContextWith<RollbackState>;
export type RollbackStep = StepWith<RollbackState>;
