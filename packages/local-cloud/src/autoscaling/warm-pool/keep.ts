import type { GroupRecord } from '../../model.ts';
import { activeInstances, isSuspended, type LaunchSource } from '../groups.ts';
import { isWarm, poolMembers } from '../lifecycle-states.ts';
import type { ReconcileContext } from '../reconcile-context.ts';
import { poolCount, poolSize } from './size.ts';

/** Brings the warm pool to its size, and ends a pool that is being deleted once it is empty. */
export function keepPool(pass: ReconcileContext, source: LaunchSource): void {
  const { group, runtime } = pass;
  if (!group.warmPool) return;
  const missing = poolSize(group) - poolCount(group);
  if (missing > 0) launchIntoPool(pass, missing, source);
  else shrink(pass, -missing - stillWanted(group));
  if (group.warmPool.deleting && !group.instances.some(isWarm)) {
    group.warmPool = undefined;
    runtime.context.changed();
  }
}

/** Members that the group is short of, and could not take at once: they are not too many yet. */
function stillWanted(group: GroupRecord): number {
  if (group.warmPool?.deleting) return 0;
  return Math.max(0, group.desiredCapacity - activeInstances(group).length);
}

function launchIntoPool(pass: ReconcileContext, count: number, source: LaunchSource): void {
  const { group, launches } = pass;
  if (isSuspended(group, 'Launch')) return;
  const retryAt = launches.retryAt(group.name, true);
  if (retryAt === undefined || retryAt <= pass.now) launches.launch(group, count, source, { pool: true });
  const next = launches.retryAt(group.name, true);
  if (next !== undefined && next > pass.now) pass.requeueAt(next);
}

/** What is still returning to the pool is terminated first, then what is not ready yet, then the oldest. */
function shrink({ group, runtime, terminations }: ReconcileContext, count: number): void {
  if (count <= 0 || (isSuspended(group, 'Terminate') && !group.warmPool?.deleting)) return;
  const returning = group.instances.filter((i) => i.toWarmPool).slice(0, count);
  for (const instance of returning) instance.toWarmPool = undefined;
  const isReady = (state: string) => (state.startsWith('Warmed:Pending') ? 0 : 1);
  const launched = (id: string) => runtime.context.state.instances[id]?.launchTime ?? 0;
  const victims = poolMembers(group)
    .sort(
      (a, b) =>
        isReady(a.lifecycleState) - isReady(b.lifecycleState) || launched(a.instanceId) - launched(b.instanceId),
    )
    .slice(0, count - returning.length);
  for (const victim of victims) {
    terminations.terminate(
      group,
      victim,
      `instance ${victim.instanceId} was taken out of the warm pool in response to a difference between its desired and actual size.`,
    );
  }
}
