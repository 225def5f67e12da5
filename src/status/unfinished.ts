import type { Machine } from '../aws/instances.ts';
import { hasEnded, type Refresh } from '../aws/refreshes.ts';

/** A flip whose hosts have not all been replaced by machines from the old image, and nothing is at work on that any more. */
export interface Unfinished {
  group: string;
  /** Machines that serve another environment than their image's own. */
  machines: number;
  /** The last refresh of the group when it ended other than well; null when it did not even start. */
  refresh: { id: string; status: string; reason: string | null } | null;
  /** The command that replaces them. */
  finish: string;
}

/**
 * What a flip has left undone: the old version serves from machines that, when they boot again, have the newer image.
 * @param seen `machines` of the group that serves; `current`: what its template launches; `busy`: a run is at work on the fleet.
 */
export function findUnfinished(
  app: string,
  seen: {
    group: string;
    machines: readonly Machine[];
    refresh: Refresh | undefined;
    current: { imageId?: string; version?: string };
    busy: boolean;
  },
): Unfinished | null {
  const { group, machines, refresh, current, busy } = seen;
  if (busy || (refresh && !hasEnded(refresh.status)) || current.version === undefined) return null;
  // Where a flip was taken back, machines carry its mark too, but their image is the one that the group launches.
  const switched = machines.filter((machine) => machine.flipped !== undefined && machine.imageId !== current.imageId);
  if (switched.length === 0) return null;
  const failed = refresh !== undefined && refresh.status !== 'Successful';
  return {
    group,
    machines: switched.length,
    refresh: failed ? { id: refresh.id, status: refresh.status, reason: refresh.reason ?? null } : null,
    finish: `pipeline fast-rollback ${app} ${current.version} --how roll`,
  };
}
