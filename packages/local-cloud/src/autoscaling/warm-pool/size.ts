import type { GroupRecord } from '../../model.ts';
import { poolMembers } from '../lifecycle-states.ts';

/**
 * How many instances the warm pool is to hold: what is missing from the desired capacity to the prepared capacity (the
 * group's maximum unless set), and never fewer than its minimum (PutWarmPool in the SDK's typings).
 */
export function poolSize(group: GroupRecord): number {
  const pool = group.warmPool;
  if (!pool || pool.deleting || group.deleting) return 0;
  return Math.max(pool.minSize, (pool.maxPreparedCapacity ?? group.maxSize) - group.desiredCapacity, 0);
}

/** In the pool or on the way into it. */
export function poolCount(group: GroupRecord): number {
  return poolMembers(group).length + group.instances.filter((i) => i.toWarmPool).length;
}
