/* What Auto Scaling keeps beyond groups, instances and refreshes. */

/** States of an instance that is held by, or has just passed, lifecycle hooks. */
export type HookState = 'Pending:Wait' | 'Pending:Proceed' | 'Terminating:Wait' | 'Terminating:Proceed';

/** States of an instance in the warm pool. */
export type WarmedState =
  | 'Warmed:Pending'
  | 'Warmed:Pending:Wait'
  | 'Warmed:Pending:Proceed'
  | 'Warmed:Stopped'
  | 'Warmed:Running'
  | 'Warmed:Terminating'
  | 'Warmed:Terminating:Wait'
  | 'Warmed:Terminating:Proceed';

export type LifecycleTransition = 'autoscaling:EC2_INSTANCE_LAUNCHING' | 'autoscaling:EC2_INSTANCE_TERMINATING';

export type LifecycleResult = 'CONTINUE' | 'ABANDON';

export interface LifecycleHookRecord {
  name: string;
  transition: LifecycleTransition;
  heartbeatSeconds: number;
  defaultResult: LifecycleResult;
  /** Stored and shown; nothing is notified. */
  notificationTargetArn?: string;
  roleArn?: string;
  notificationMetadata?: string;
}

/** One hook that holds one instance. What the hook said at the beginning holds for it, whatever is changed later. */
export interface LifecycleActionRecord {
  hook: string;
  token: string;
  heartbeatSeconds: number;
  defaultResult: LifecycleResult;
  /** When the default result takes effect; a heartbeat moves it. */
  expiresAt: number;
  /** The latest that heartbeats can move it to. */
  endsAt: number;
  result?: LifecycleResult;
  /** Nobody completed it in time. */
  timedOut?: boolean;
}

export interface WarmPoolRecord {
  poolState: 'Stopped' | 'Running';
  minSize: number;
  /** Of group and pool together; the group's maximum when not set. */
  maxPreparedCapacity?: number;
  reuseOnScaleIn: boolean;
  deleting?: boolean;
}

export interface ScheduledActionRecord {
  name: string;
  /** The first run, for recurring actions too. */
  startTime?: number;
  /** The last moment at which a recurring action may run. */
  endTime?: number;
  /** Five cron fields. */
  recurrence?: string;
  timeZone?: string;
  minSize?: number;
  maxSize?: number;
  desiredCapacity?: number;
  /** The next run; none is left of a recurring action whose end has come. */
  nextRun: number;
}

/** A scaling policy as the request had it. */
export interface PolicyRecord {
  name: string;
  arn: string;
  /** PutScalingPolicyType of the SDK, as plain data. */
  request: Record<string, unknown>;
}

export interface MixedInstancesRecord {
  /** MixedInstancesPolicy of the SDK, as plain data. */
  policy: Record<string, unknown>;
  /** The one that is launched: the first of the overrides; the template's own when there are none. */
  instanceType?: string;
  /** The other overrides, in their order: launched where the ones before have no room. */
  others?: { id: string; version: string; instanceType: string }[];
}

/** An active AZRebalance. */
export interface RebalanceRecord {
  /** Instances launched above the desired capacity, to take over from those of a fuller zone. */
  launched: string[];
  /** After a refused launch: not again before. */
  retryAt?: number;
}

/** What LaunchInstances answered under a token. */
export interface LaunchTokenRecord {
  digest: string;
  at: number;
  answer: Record<string, unknown>;
}

/** Settings of a group that most groups have not got. */
export interface GroupExtras {
  hooks?: LifecycleHookRecord[];
  warmPool?: WarmPoolRecord;
  scheduledActions?: ScheduledActionRecord[];
  policies?: PolicyRecord[];
  notifications?: { topicArn: string; type: string }[];
  enabledMetrics?: string[];
  mixedInstances?: MixedInstancesRecord;
  maintenancePolicy?: { minHealthyPercentage: number; maxHealthyPercentage: number };
  rebalance?: RebalanceRecord;
  launchTokens?: Record<string, LaunchTokenRecord>;
  /** Settings that are kept in the SDK's shape (see shown-settings.ts). */
  shown?: Record<string, unknown>;
  /** Until then, calls that honor the cooldown are refused. */
  coolsUntil?: number;
  /** Why the desired capacity was changed last, for the causes of the launches that follow. */
  capacityCause?: string;
}

/** Settings of a member that most members have not got. */
export interface MemberExtras {
  /** The hooks that hold it at present. */
  lifecycleActions?: LifecycleActionRecord[];
  /** It leaves service for the warm pool, not for its end. */
  toWarmPool?: boolean;
  /** Its termination is not held by hooks. */
  withoutHooks?: boolean;
}
