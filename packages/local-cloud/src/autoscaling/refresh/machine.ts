import { messageOf } from '@golden-pipeline/shared/errors';
import type { GroupInstance, RefreshRecord, RefreshWork } from '../../model.ts';
import { launchMore, scaleIn } from '../capacity.ts';
import { activeInstances, isSuspended, launchSource } from '../groups.ts';
import { isPending, isTerminating, isWarm } from '../lifecycle-states.ts';
import type { ReconcileContext } from '../reconcile-context.ts';
import { alarmReason, raisedAlarm } from './alarms.ts';
import { fail, succeed } from './end.ts';
import { replacePool } from './pool.ts';
import { sortRemaining } from './waiting.ts';
import { phaseQuota, planMoves, refreshBounds } from './wave.ts';
import { beginWork, dropGone, showProgress } from './work.ts';

/** A refresh gives up when that many consecutive replacements failed to start or to get healthy. AWS publishes no figure. */
export const MAX_FAILED_REPLACEMENTS = 3;
/** ... or when nothing got ready for that long, in seconds. AWS waits as long for Standby and protected instances. */
export const STALL_TIMEOUT_SECONDS = 3600;

/**
 * Takes a refresh as far as it may go now.
 * @returns whether it looks after the group's capacity itself; false once it has ended or only waits for its end
 */
export function stepRefresh(pass: ReconcileContext, refresh: RefreshRecord): boolean {
  const { context } = pass.runtime;
  context.changed();
  if (refresh.status === 'Cancelling') {
    if (finishCancel(pass, refresh)) return false;
    const missing = pass.group.desiredCapacity - activeInstances(pass.group).length;
    launchMore(pass, missing, launchSource(pass.group, refresh));
    return true;
  }
  const alarm = refresh.status === 'RollbackInProgress' ? undefined : raisedAlarm(context, refresh);
  if (alarm) {
    fail(refresh, alarmReason(alarm), pass.now);
    return (refresh.status as string) === 'RollbackInProgress' && stepRefresh(pass, refresh);
  }
  if (refresh.status === 'Baking') return bake(pass, refresh);
  if (refresh.status === 'Pending') refresh.status = 'InProgress';
  try {
    refresh.work ??= beginWork(pass.group, refresh, pass.runtime);
  } catch (error) {
    fail(refresh, `The launch template cannot be used: ${messageOf(error)}`, pass.now);
    return (refresh.status as string) === 'RollbackInProgress' && stepRefresh(pass, refresh);
  }
  const before = refresh.status;
  const ended = replaceSome(pass, refresh, refresh.work);
  // A failure has made it roll back: begin that within the same pass.
  if (refresh.status !== before && refresh.status === 'RollbackInProgress') return stepRefresh(pass, refresh);
  return !ended;
}

/** One round of replacement. Returns true when the refresh has ended. */
function replaceSome(pass: ReconcileContext, refresh: RefreshRecord, work: RefreshWork): boolean {
  const { group, now } = pass;
  const remainingBefore = work.remaining.length;
  dropGone(group, work);
  const { replaceable, blocked } = sortRemaining(pass, refresh, work);
  const active = activeInstances(group);
  const isReady = readiness(pass, refresh, work);
  const ready = active.filter(isReady);
  const old = new Set(work.remaining);
  const readyNew = ready.filter((i) => !old.has(i.instanceId)).length;
  noteProgress(work, readyNew, remainingBefore, now);
  const paused = work.pausedUntil !== undefined && work.pausedUntil > now;
  const quota = paused ? 0 : phaseQuota(checkpointsOf(refresh), work.checkpoint, work.total, work.remaining.length);
  const bounds = refreshBounds(group.desiredCapacity, refresh.preferences);
  const readyOld = replaceable.filter(isReady);
  const counts = {
    desired: group.desiredCapacity,
    active: active.length,
    replaceable: replaceable.length,
    ready: ready.length,
    quota,
  };
  const moves = planMoves(counts, bounds, readyOld.length);
  if (isSuspended(group, 'Terminate')) moves.endIdle = moves.endReady = 0;
  const idleOld = replaceable.filter((i) => !isReady(i));
  replace(pass, refresh, work, [...idleOld.slice(0, moves.endIdle), ...readyOld.slice(0, moves.endReady)]);
  scaleIn(pass, activeInstances(group), moves.scaleIn);
  const refusal = launchMore(pass, moves.launch, launchSource(group, refresh), 'an instance refresh');
  if (refusal !== undefined) {
    work.failures++;
    work.lastFailure = refusal;
  }
  const left = Math.max(work.remaining.length, Math.min(work.total, group.desiredCapacity - readyNew));
  showProgress(refresh, work, Math.max(0, left));
  return conclude(pass, refresh, work, { old, blocked, paused, quota, isReady });
}

interface Round {
  /** Ids of what was still to be replaced when the round began. */
  old: Set<string>;
  blocked: GroupInstance[];
  paused: boolean;
  quota: number;
  isReady(instance: GroupInstance): boolean;
}

/** Decides what the state of things means: done, failed, a checkpoint, or what is waited for. */
function conclude(pass: ReconcileContext, refresh: RefreshRecord, work: RefreshWork, round: Round): boolean {
  const { group, now } = pass;
  if (work.failures >= MAX_FAILED_REPLACEMENTS) {
    fail(
      refresh,
      `${work.failures} consecutive replacements did not become healthy. The last: ${work.lastFailure}.`,
      now,
    );
    return refresh.status !== 'RollbackInProgress';
  }
  if (round.paused) {
    pass.requeueAt(work.pausedUntil as number);
    return false;
  }
  const active = activeInstances(group);
  const settled =
    active.length >= group.desiredCapacity &&
    active.every((i) => round.isReady(i) || round.old.has(i.instanceId)) &&
    !group.instances.some((i) => !isWarm(i) && (isTerminating(i) || isPending(i)));
  const percentages = checkpointsOf(refresh);
  const last = work.checkpoint >= percentages.length - 1;
  // Checkpoints that end below 100 end the refresh there.
  if (settled && (work.remaining.length === 0 || (round.quota === 0 && last))) {
    work.waitingSince = undefined;
    return replacePool(pass, refresh, work)
      ? complete(pass, refresh, work)
      : waitOn(pass, refresh, work, round, 'Waiting for the warm pool to be replaced.');
  }
  if (settled && round.quota === 0) {
    work.pausedUntil = work.lastProgressAt = now + refresh.preferences.checkpointDelaySeconds * 1000;
    refresh.statusReason = `Checkpoint reached: ${percentages[work.checkpoint]}% of the group has been replaced.`;
    work.checkpoint++;
    pass.requeueAt(work.pausedUntil);
    return false;
  }
  const onlyBlocked = settled && round.blocked.length > 0 && round.blocked.length === work.remaining.length;
  work.waitingSince = onlyBlocked ? (work.waitingSince ?? now) : undefined;
  return waitOn(pass, refresh, work, round);
}

/** Says what is waited for, and gives up when it has taken an hour. */
function waitOn(
  pass: ReconcileContext,
  refresh: RefreshRecord,
  work: RefreshWork,
  round: Round,
  reason?: string,
): boolean {
  const { now } = pass;
  // Neither what lifecycle hooks hold (they have time-outs of their own) nor a warm-up is a standstill, however long it takes.
  if (pass.group.instances.some(inHook)) work.lastProgressAt = now;
  const limit =
    (STALL_TIMEOUT_SECONDS + (work.waitingSince === undefined ? refresh.preferences.instanceWarmupSeconds : 0)) * 1000;
  const since = work.waitingSince ?? work.lastProgressAt;
  const example =
    round.blocked[0]?.instanceId ?? activeInstances(pass.group).find((i) => !round.isReady(i))?.instanceId;
  const waiting =
    work.waitingSince !== undefined
      ? `Waiting for instances in Standby or protected from scale in. For example: ${example}.`
      : `Waiting for remaining instances to be available.${example ? ` For example: ${example} is not ready yet.` : ''}`;
  const what = reason ?? waiting;
  if (now - since >= limit) {
    fail(refresh, `Gave up after ${limit / 1000} seconds. ${what}`, now);
    return refresh.status !== 'RollbackInProgress';
  }
  if (refresh.status !== 'RollbackInProgress') refresh.statusReason = what;
  pass.requeueAt(since + limit);
  return false;
}

/** Held by a lifecycle hook, or just let go. */
function inHook({ lifecycleState }: GroupInstance): boolean {
  return lifecycleState.endsWith(':Wait') || lifecycleState.endsWith(':Proceed');
}

/** Ends old instances for the refresh. */
function replace(pass: ReconcileContext, refresh: RefreshRecord, work: RefreshWork, victims: GroupInstance[]): void {
  for (const victim of victims) {
    pass.terminations.terminate(
      pass.group,
      victim,
      `instance ${victim.instanceId} was taken out of service in response to an instance refresh (${refresh.id}).`,
    );
  }
  if (victims.length > 0) work.lastProgressAt = pass.now;
  dropGone(pass.group, work);
}

/** Ready: serves, and if it was launched by this refresh, has warmed up. */
function readiness(
  pass: ReconcileContext,
  refresh: RefreshRecord,
  work: RefreshWork,
): (instance: GroupInstance) => boolean {
  return (instance) => {
    if (!pass.isServing(instance)) return false;
    const since = instance.inServiceAt ?? pass.now;
    if (since <= Math.min(work.startedAt, refresh.startTime)) return true;
    const warmAt = since + refresh.preferences.instanceWarmupSeconds * 1000;
    if (warmAt <= pass.now) return true;
    pass.requeueAt(warmAt);
    return false;
  };
}

function noteProgress(work: RefreshWork, readyNew: number, remainingBefore: number, now: number): void {
  if (readyNew > work.readySeen) {
    work.readySeen = readyNew;
    work.failures = 0;
    work.lastProgressAt = now;
  }
  if (work.remaining.length < remainingBefore) work.lastProgressAt = now;
}

function complete(pass: ReconcileContext, refresh: RefreshRecord, work: RefreshWork): boolean {
  const { bakeTimeSeconds } = refresh.preferences;
  if (bakeTimeSeconds > 0 && refresh.status !== 'RollbackInProgress' && work.total > 0) {
    refresh.status = 'Baking';
    refresh.statusReason = `Baking for ${bakeTimeSeconds} seconds.`;
    work.bakeUntil = pass.now + bakeTimeSeconds * 1000;
    pass.requeueAt(work.bakeUntil);
    return true;
  }
  succeed(pass.group, refresh, pass.now);
  return true;
}

/** All replaced, but not yet believed: the group's capacity is kept as ever, from the new configuration. */
function bake(pass: ReconcileContext, refresh: RefreshRecord): boolean {
  const work = refresh.work;
  if (work && work.failures >= MAX_FAILED_REPLACEMENTS) {
    fail(refresh, `Instances failed while baking. The last: ${work.lastFailure}.`, pass.now);
    if ((refresh.status as string) === 'RollbackInProgress') return stepRefresh(pass, refresh);
  } else if (work?.bakeUntil !== undefined && work.bakeUntil > pass.now) pass.requeueAt(work.bakeUntil);
  else succeed(pass.group, refresh, pass.now);
  return false;
}

/** A canceled refresh lets launches and terminations in progress finish; surplus is scaled in afterwards. True once it has ended. */
function finishCancel(pass: ReconcileContext, refresh: RefreshRecord): boolean {
  if (pass.group.instances.some((i) => !isWarm(i) && (isPending(i) || isTerminating(i)))) return false;
  refresh.status = 'Cancelled';
  refresh.endTime = pass.now;
  return true;
}

/** A rollback goes back in one go. */
function checkpointsOf(refresh: RefreshRecord): number[] {
  return refresh.status === 'RollbackInProgress' ? [] : refresh.preferences.checkpointPercentages;
}
