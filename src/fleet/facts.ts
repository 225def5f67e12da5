import type { Host } from '../hosts/types.ts';
import type { FleetFacts } from './services.ts';

/** A version as smoke tests name it. */
export interface VersionNames {
  version: string;
  /** Absent where the ledger does not know it: what asks for the commit is not checked then. */
  commit?: string;
}

/** The version that the run brings or goes back to. */
export interface VersionFacts extends VersionNames {
  commit: string;
}

/** The image that the fleet gets, once there is one. */
export interface ImageFacts {
  imageId?: string;
}

/** The launch-template version that this run has added. */
export interface NewTemplate {
  templateVersion?: string;
}

/** The instance refresh that this run has started. */
export interface RefreshFacts {
  refreshId?: string;
}

/** How large the fleet was. */
export interface SizeFacts {
  /** The desired capacity of the group that served when the run began; absent in journals from before it was kept. */
  desiredBefore?: number;
}

/** Whether the fleet can be led back to what served before. */
export interface ReturnFacts {
  /** It was agreed that nothing leads back: the image that serves may be one that cannot be launched. */
  noRollbackTarget?: boolean;
  /** The image that serves cannot be launched, so a builder starts from the base image. */
  unlaunchable?: boolean;
}

/** The instance that is taken out of service and returned to service: for a bake, or to restart its service. */
export interface StandbyFacts {
  host?: Host;
  /** Set while the instance is out of service: what must be restored. */
  detached?: {
    minimum: number;
    /** The minimum while the instance stands by, the same where it is low enough; absent in journals from before it was kept. */
    lowered?: number;
    /** The desired capacity that Standby has left, one below that of before; absent while the instance counts. */
    capacity?: number;
    suspended: string[];
  } | null;
}

/** What a run has done to the instance that becomes the image. */
export interface BakeFacts extends StandbyFacts {
  /** It is, or may be, switched to the new version: until it is validated or switched back, it may not serve by an undo. */
  activated?: boolean;
  /** What plays of this run have changed on it beside the release's own folder, or may have: it is not given back by an undo. */
  changedOutside?: string[];
}

/** What served before the run. */
export interface ServedFacts extends Pick<FleetFacts, 'current'> {
  /** What served when the run was planned, where that is not what the group launches: an interrupted run had changed that already. */
  served?: string;
}

/** The version that the run goes away from, if any served. */
export function servedBefore({ served, current }: Partial<ServedFacts>): string | undefined {
  return served ?? current?.version;
}
