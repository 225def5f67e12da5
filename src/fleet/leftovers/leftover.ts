import type { PriorState } from '../prior-state.ts';
import type { Standing } from './run-standing.ts';

/** What of a run that is over can be left in the cloud. */
export type LeftoverKind =
  | 'scheduled-end'
  | 'suspended'
  | 'traffic'
  | 'standby'
  | 'size'
  | 'other-version'
  | 'idle-group'
  | 'scaling-settings'
  | 'refresh'
  | 'template-default'
  | 'validation-route'
  | 'validation-target'
  | 'helper-instance'
  | 'tags';

/** The change that removes it, as data: a run journals it. */
export type Restore =
  | { do: 'delete-scheduled-end' | 'scale-in' | 'send-traffic'; group: string }
  | { do: 'set-default-version'; template: string; version: string }
  | { do: 'resume-processes' | 'suspend-processes'; group: string; processes: string[] }
  | { do: 'set-size'; group: string; size: { min: number; max: number; desired: number } }
  | { do: 'replace-instance'; group: string; instance: string }
  | { do: 'deregister-target' | 'terminate-instance'; instance: string }
  | { do: 'point-validation-route' | 'remove-tags' };

/** Something that a run has left. */
export interface Leftover {
  kind: LeftoverKind;
  /** Id or name of what is left. */
  id: string;
  /** What is seen, a sentence without its full stop. */
  seen: string;
  /** The change that would be made, in the words of AWS, or the command where no tag shows that a run left it. */
  change: string;
  /** Serving is at risk. */
  atRisk: boolean;
  /** Present where a tag shows that a run which is over has left it. */
  restore?: Restore;
  /** Where there is no `restore`: what the tags of the run tell is needed until somebody has dealt with it. */
  needsTags?: true;
}

/** A group of the fleet as it is, and what its tags say of before. */
export interface GroupFacts {
  group: string;
  /** The run whose tags it carries. */
  run?: { id: string; standing: Standing };
  /** Tags of a run that is not over: only these tell what was before. */
  tagged: boolean;
  before?: PriorState;
  size: { min: number; max: number; desired: number };
  suspended: readonly string[];
  instances: readonly { id: string; lifecycle: string; version?: string }[];
  /** Version of the release that it launches, of its launch template, and whether its image can be launched. */
  launches: {
    version?: string;
    template: string;
    templateVersion: string;
    /** It names `$Latest` or `$Default` instead of a number. */
    floating: boolean;
    available: boolean;
  };
  /** Its part of each route that leads to the fleet, 0 to 1. */
  shares: readonly number[];
  /** A scheduled action of ours will end it. */
  ends: boolean;
  /** Names of scheduled actions of others that are still to come, and of scaling policies; read for blue/green only. */
  scaling: { actions: readonly string[]; policies: readonly string[] };
  /** An event holds it above its usual size. */
  held: boolean;
  /** An instance refresh that goes on. */
  refresh?: { id: string; status: string; percentage: number };
}

/** All that is seen of a fleet. */
export interface LeftoverFacts {
  app: string;
  /** What a command of the AWS CLI begins with. */
  aws: string;
  listenerArn: string;
  /** One, or two for blue/green. */
  groups: readonly GroupFacts[];
  /** Number of the launch template's default version. */
  defaultVersion: string;
  /** Instances that exist for one run only. */
  helpers: readonly { id: string; role: string; run: string; standing: Standing }[];
  validation: {
    targetGroupArn: string;
    /** `own`: an instance for validation, or one that is gone. */
    targets: readonly { id: string; own: boolean }[];
    /** Requests with the validation header go somewhere else. */
    elsewhere: boolean;
  };
}
