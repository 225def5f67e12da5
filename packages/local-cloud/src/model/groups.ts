import type { GroupExtras, HookState, MemberExtras, WarmedState } from './group-extras.ts';

export type LifecycleState =
  | 'Pending'
  | 'InService'
  | 'Terminating'
  | 'Terminated'
  | 'EnteringStandby'
  | 'Standby'
  | 'Detaching'
  | 'Detached'
  | HookState
  | WarmedState;

export interface GroupInstance extends MemberExtras {
  instanceId: string;
  lifecycleState: LifecycleState;
  healthStatus: 'Healthy' | 'Unhealthy';
  availabilityZone: string;
  launchTemplate: { id: string; version: number };
  protectedFromScaleIn: boolean;
  /** When it entered service (grace period and warm-up count from here). */
  inServiceAt?: number;
  /** The activity that brought it to its present state, while that activity is open. */
  activityId?: string;
}

export interface GroupRecord extends GroupExtras {
  name: string;
  createdAt: number;
  launchTemplate: { id: string /** A number, `$Latest` or `$Default`. */; version: string };
  minSize: number;
  maxSize: number;
  desiredCapacity: number;
  healthCheckType: 'EC2' | 'ELB';
  healthCheckGracePeriodSeconds: number;
  defaultCooldownSeconds: number;
  defaultInstanceWarmupSeconds?: number;
  availabilityZones: string[];
  subnetIds: string[];
  targetGroupArns: string[];
  instances: GroupInstance[];
  suspendedProcesses: string[];
  /** When each of them was suspended, in milliseconds since the epoch; absent in records from before it was kept. */
  suspendedAt?: Record<string, number>;
  newInstancesProtected: boolean;
  terminationPolicies: string[];
  tags: { key: string; value: string; propagateAtLaunch: boolean }[];
  deleting?: boolean;
}

export interface ActivityRecord {
  id: string;
  groupName: string;
  description: string;
  cause: string;
  startTime: number;
  endTime?: number;
  statusCode:
    | 'PendingSpotBidPlacement'
    | 'PreInService'
    | 'MidLifecycleAction'
    | 'InProgress'
    | 'Successful'
    | 'Failed'
    | 'Cancelled'
    | 'WaitingForELBConnectionDraining';
  statusMessage?: string;
  progress: number;
  /** As in Activity.Details: zone and subnet of the instance. */
  details?: Record<string, string>;
}
