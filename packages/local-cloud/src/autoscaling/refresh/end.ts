import type { GroupRecord, RefreshRecord } from '../../model.ts';

/** All instances run the new configuration: the group adopts it (or, after a rollback, keeps the one it has). */
export function succeed(group: GroupRecord, refresh: RefreshRecord, now: number): void {
  refresh.endTime = now;
  if (refresh.status === 'RollbackInProgress') {
    refresh.status = 'RollbackSuccessful';
    refresh.statusReason = refresh.rollbackReason;
    refresh.percentageComplete = 0;
    if (refresh.rollback)
      Object.assign(refresh.rollback, { percentageCompleteOnRollback: 100, instancesToUpdateOnRollback: 0 });
    return;
  }
  refresh.status = 'Successful';
  refresh.statusReason = undefined;
  refresh.percentageComplete = 100;
  refresh.instancesToUpdate = 0;
  if (!refresh.desiredLaunchTemplate) return;
  group.launchTemplate = { ...refresh.desiredLaunchTemplate };
  group.mixedInstances = refresh.desiredMixedInstances;
}

/** Gives up; with AutoRollback the group starts back to what it had. */
export function fail(refresh: RefreshRecord, reason: string, now: number): void {
  if (refresh.status === 'RollbackInProgress') {
    refresh.status = 'RollbackFailed';
    refresh.statusReason = reason;
    refresh.endTime = now;
  } else if (refresh.preferences.autoRollback) {
    beginRollback(refresh, `Auto rollback: ${reason}`, now);
  } else {
    refresh.status = 'Failed';
    refresh.statusReason = reason;
    refresh.endTime = now;
  }
}

/** Turns the refresh round; the next pass over the group finds what is to be replaced again. */
export function beginRollback(refresh: RefreshRecord, reason: string, now: number): void {
  refresh.status = 'RollbackInProgress';
  refresh.statusReason = reason;
  refresh.rollbackReason = reason;
  refresh.rollback = {
    startTime: now,
    percentageCompleteOnRollback: 0,
    instancesToUpdateOnRollback: 0,
    percentageBefore: refresh.percentageComplete,
  };
  refresh.work = undefined;
}
