import type { Ec2Instance } from '../aws/instances.ts';
import { hasEnded, type Refresh } from '../aws/refreshes.ts';

/** An in-place rollback whose hosts have not all been replaced by instances from the old image, and nothing is active on that any more. */
export interface Unfinished {
  group: string;
  /** Instances that serve another environment than their image's own. */
  instances: number;
  /** The last refresh of the group when it ended other than well; null when it did not even start. */
  refresh: { id: string; status: string; reason: string | null } | null;
  /** The command that replaces them. */
  finish: string;
}

/**
 * What an in-place rollback has not finished: the old version serves from instances that, when they boot again, have the newer image.
 * @param seen `instances` of the group that serves; `current`: what its template launches; `busy`: a run is active on the fleet.
 */
export function findUnfinished(
  app: string,
  seen: {
    group: string;
    instances: readonly Ec2Instance[];
    refresh: Refresh | undefined;
    current: { imageId?: string; version?: string };
    busy: boolean;
  },
): Unfinished | null {
  const { group, instances, refresh, current, busy } = seen;
  if (busy || (refresh && !hasEnded(refresh.status)) || current.version === undefined) return null;
  // Where an in-place rollback was undone, instances carry its mark too, but their image is the one that the group launches.
  const switched = instances.filter(
    (instance) => instance.switched !== undefined && instance.imageId !== current.imageId,
  );
  if (switched.length === 0) return null;
  const failed = refresh !== undefined && refresh.status !== 'Successful';
  return {
    group,
    instances: switched.length,
    refresh: failed ? { id: refresh.id, status: refresh.status, reason: refresh.reason ?? null } : null,
    finish: `pipeline fast-rollback ${app} ${current.version} --method rolling`,
  };
}
