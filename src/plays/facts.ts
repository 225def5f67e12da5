import type { BakeFacts } from '../fleet/facts.ts';
import type { FleetFacts } from '../fleet/services.ts';
import type { ProjectSource } from '../hosts/project/place.ts';
import type { Installer } from './playbook/evaluate.ts';

/** What a play is given: which version it builds, beside which, from which files. */
export interface BuildFacts extends Pick<FleetFacts, 'current'> {
  version: string;
  commit: string;
  /** Where the files of plays come from; absent in journals from before it was kept: then they are those of the work tree. */
  project?: ProjectSource;
}

/** Where a run plays, and what its plays have done there. */
export interface PlayFacts extends BuildFacts, BakeFacts, Pick<FleetFacts, 'group' | 'targetGroupArn'> {
  /** On an instance of the fleet, or on a temporary one. */
  bake: 'detach' | 'builder';
  /**
   * Why the instance of a bake by `detach` is out of the load balancer before the first play, a line each. Absent when plays begin while it
   * serves, and in journals of runs from before this was kept.
   */
  detachFirst?: string[];
  /** The instance is not the same as it was: it does not return to service. Absent where it lost nothing. */
  lost?: string[];
}

/** What a plain playbook is played and checked by. */
export interface PlainFacts extends PlayFacts, Pick<FleetFacts, 'url'> {}

/** What the look at the playbook has found. */
export interface InspectionFacts extends BuildFacts, Pick<BakeFacts, 'host'> {
  /** What roles may install, by the look at the playbook of the run's own commit; absent where plays are not from a commit. */
  installers?: Installer[];
}

/** How the playbook is declared. */
export interface PlaybookFacts {
  /** The playbook does not apply the release role; absent where it does. */
  kind?: 'plain';
}
