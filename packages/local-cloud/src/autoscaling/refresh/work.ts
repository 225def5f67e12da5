import type { GroupInstance, GroupRecord, LifecycleState, RefreshRecord, RefreshWork } from '../../model.ts';
import { launchChoices, launchSource } from '../groups.ts';
import { poolMembers } from '../lifecycle-states.ts';
import type { Loss } from '../reconcile-context.ts';
import type { Runtime } from '../runtime.ts';

/** States an instance can be in and still wait for its replacement. */
const replaceableStates: readonly LifecycleState[] = [
  'Pending',
  'Pending:Wait',
  'Pending:Proceed',
  'InService',
  'EnteringStandby',
  'Standby',
];

/** Starts the bookkeeping: which instances are to be replaced by what the refresh launches. */
export function beginWork(
  group: GroupRecord,
  refresh: RefreshRecord,
  { context: { state, clock }, instances }: Runtime,
): RefreshWork {
  const now = clock.now();
  const back = refresh.status === 'RollbackInProgress';
  const source = launchSource(group, refresh);
  // Going back leaves alone what was never replaced; so does SkipMatching on the way forward.
  const matching =
    back || refresh.preferences.skipMatching
      ? launchChoices(source).map(({ id, version, instanceType }) => ({
          ...instances.resolveTemplate({ id }, version),
          instanceType,
        }))
      : undefined;
  const differs = ({ instanceId, launchTemplate: { id, version } }: GroupInstance) =>
    !matching?.some(
      (one) =>
        id === one.id &&
        version === one.version &&
        (one.instanceType ?? state.instances[instanceId]?.instanceType) === state.instances[instanceId]?.instanceType,
    );
  const remaining = group.instances
    .filter((i) => replaceableStates.includes(i.lifecycleState) && differs(i))
    .map((i) => i.instanceId);
  // What returns to the pool belongs to it already.
  const pool = [...poolMembers(group), ...group.instances.filter((i) => i.toWarmPool)]
    .filter(differs)
    .map((i) => i.instanceId);
  return {
    startedAt: now,
    remaining,
    total: remaining.length,
    checkpoint: 0,
    lastProgressAt: now,
    readySeen: 0,
    failures: 0,
    pool,
    poolTotal: pool.length,
  };
}

/** Forgets instances that have left, or are leaving, on whatever way. */
export function dropGone(group: GroupRecord, work: RefreshWork): void {
  const staying = new Set(
    group.instances.filter((i) => replaceableStates.includes(i.lifecycleState)).map((i) => i.instanceId),
  );
  work.remaining = work.remaining.filter((id) => staying.has(id));
}

/** Counts replacements that failed; the loss of an instance that was to go anyway is none. */
export function noteLosses(refresh: RefreshRecord, losses: Loss[]): void {
  const { work } = refresh;
  if (!work) return;
  for (const loss of losses) {
    if (work.remaining.includes(loss.instanceId)) continue;
    if (loss.inServiceAt !== undefined && loss.inServiceAt <= work.startedAt) continue;
    work.failures++;
    work.lastFailure = loss.message;
  }
}

/**
 * Writes the figures that DescribeInstanceRefreshes shows. The percentage never falls on the way forward; during a rollback it
 * goes down to zero again, and the number of instances to update stays as the refresh left it.
 */
export function showProgress(refresh: RefreshRecord, work: RefreshWork, left: number): void {
  const total = work.total + (work.poolTotal ?? 0);
  const open = Math.min(work.total, left) + (work.pool?.length ?? 0);
  const percent = total === 0 ? 100 : Math.floor(((total - open) / total) * 100);
  const figures = refresh.rollback;
  if (refresh.status === 'RollbackInProgress' && figures) {
    figures.percentageCompleteOnRollback = Math.max(figures.percentageCompleteOnRollback, percent);
    figures.instancesToUpdateOnRollback = left + (work.pool?.length ?? 0);
    const reached = figures.percentageBefore ?? refresh.percentageComplete;
    refresh.percentageComplete = Math.ceil((reached * (100 - figures.percentageCompleteOnRollback)) / 100);
    return;
  }
  refresh.percentageComplete = Math.max(refresh.percentageComplete, percent);
  refresh.instancesToUpdate = left + (work.pool?.length ?? 0);
}
