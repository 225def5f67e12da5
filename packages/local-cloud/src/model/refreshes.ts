import type { MixedInstancesRecord } from './group-extras.ts';

export type RefreshStatus =
  | 'Pending'
  | 'InProgress'
  | 'Successful'
  | 'Failed'
  | 'Cancelling'
  | 'Cancelled'
  | 'RollbackInProgress'
  | 'RollbackFailed'
  | 'RollbackSuccessful'
  | 'Baking';

export interface RefreshRecord {
  id: string;
  groupName: string;
  status: RefreshStatus;
  statusReason?: string;
  startTime: number;
  endTime?: number;
  percentageComplete: number;
  instancesToUpdate: number;
  /** RefreshPreferences as given, defaults filled in. */
  preferences: {
    minHealthyPercentage: number;
    maxHealthyPercentage: number;
    /** Given by the caller: then an impossible pair of bounds launches before it terminates, else the other way round. */
    maxHealthyExplicit?: boolean;
    instanceWarmupSeconds: number;
    skipMatching: boolean;
    autoRollback: boolean;
    bakeTimeSeconds: number;
    checkpointPercentages: number[];
    checkpointDelaySeconds: number;
    scaleInProtectedInstances: 'Refresh' | 'Ignore' | 'Wait';
    standbyInstances: 'Terminate' | 'Ignore' | 'Wait';
    alarms: string[];
  };
  desiredLaunchTemplate?: { id: string; version: string };
  /** What the group named before, for the rollback. */
  previousLaunchTemplate: { id: string; version: string };
  desiredMixedInstances?: MixedInstancesRecord;
  previousMixedInstances?: MixedInstancesRecord;
  rollbackReason?: string;
  rollback?: {
    startTime: number;
    percentageCompleteOnRollback: number;
    instancesToUpdateOnRollback: number;
    /** How far the refresh had come when it began to roll back. */
    percentageBefore?: number;
  };
  /** How far the present direction (forward, or the rollback) has come; absent until it begins. */
  work?: RefreshWork;
}

/** Bookkeeping of a refresh. Times are of the cloud's clock. */
export interface RefreshWork {
  startedAt: number;
  /** Instances still to be replaced. */
  remaining: string[];
  /** How many there were to replace at the start. */
  total: number;
  /** Index of the next checkpoint. */
  checkpoint: number;
  pausedUntil?: number;
  bakeUntil?: number;
  /** Since when it waits for a person (Standby, scale-in protection). */
  waitingSince?: number;
  lastProgressAt: number;
  /** The most replacements seen ready at once. */
  readySeen: number;
  /** Replacements that failed since one last got ready, and what the last one said. */
  failures: number;
  lastFailure?: string;
  /** Instances of the warm pool still to be replaced, after those in service, and how many there were. */
  pool?: string[];
  poolTotal?: number;
}
