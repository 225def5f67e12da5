import type { RefreshRecord, RefreshWork } from '../../model.ts';
import { isSuspended } from '../groups.ts';
import { isTerminating, isWarm, poolMembers } from '../lifecycle-states.ts';
import type { ReconcileContext } from '../reconcile-context.ts';
import { poolSize } from '../warm-pool/size.ts';

/**
 * Replaces the warm pool, after the instances in service: its old members are ended all at once, as nothing is served by
 * them; the pool then fills up again from what the refresh launches.
 * @returns whether the pool is done
 */
export function replacePool(pass: ReconcileContext, refresh: RefreshRecord, work: RefreshWork): boolean {
  const { group, terminations } = pass;
  for (const member of group.instances) {
    if (work.pool?.includes(member.instanceId)) member.toWarmPool = undefined;
  }
  const staying = poolMembers(group);
  const old = staying.filter((i) => work.pool?.includes(i.instanceId));
  work.pool = old.map((i) => i.instanceId);
  if (old.length > 0) {
    if (isSuspended(group, 'Terminate')) return false;
    for (const member of old) {
      terminations.terminate(
        group,
        member,
        `instance ${member.instanceId} was taken out of the warm pool in response to an instance refresh (${refresh.id}).`,
      );
    }
    work.pool = [];
    work.lastProgressAt = pass.now;
  }
  const settled = staying.filter((i) => i.lifecycleState === 'Warmed:Stopped' || i.lifecycleState === 'Warmed:Running');
  const leaving = group.instances.some((i) => isWarm(i) && isTerminating(i));
  return !leaving && settled.length >= poolSize(group) && settled.length === staying.length;
}
