import type { GroupExtras, HookState, MemberExtras, MixedInstancesRecord, WarmedState } from './autoscaling/records.ts';

/**
 * The records of the local cloud. Everything here is plain data that survives a JSON round trip: the state file is
 * these tables and nothing else. Times are milliseconds of the cloud's clock. Services own their tables and write
 * only those; they read the others'.
 */
export type Tags = Record<string, string>;

export type InstanceStateName = 'pending' | 'running' | 'shutting-down' | 'terminated' | 'stopping' | 'stopped';

export interface InstanceRecord {
  id: string;
  imageId: string;
  instanceType: string;
  state: InstanceStateName;
  /** Why it left its state, as in DescribeInstances' StateReason. */
  stateReason?: { code: string; message: string };
  /** Its own address in 127.0.0.0/8, kept for life. */
  address: string;
  availabilityZone: string;
  subnetId: string;
  vpcId: string;
  keyName?: string;
  securityGroupIds: string[];
  /** Base64, as received. */
  userData?: string;
  launchTime: number;
  terminatedAt?: number;
  tags: Tags;
  launchTemplate?: { id: string; version: number };
  volumeId: string;
  clientToken?: string;
  reservationId: string;
  consoleOutput?: string;
  disableApiTermination?: boolean;
  /** ARN. */
  iamInstanceProfile?: string;
  /** Place in its reservation, from 0. */
  launchIndex?: number;
  /** Digest of the launch request, to tell a repetition from a different request with the same token. */
  clientTokenDigest?: string;
  /** As in DescribeInstances' StateTransitionReason. */
  stateTransitionReason?: string;
  /** authorized_keys line of its key pair, kept because the key pair may be deleted while the instance lives. */
  publicKey?: string;
  /** The driver holds a disk for it. */
  hasDisk?: boolean;
  /** It has been `running` before: a boot that fails then stops it, and does not terminate it. */
  hasRun?: boolean;
  /** BlockDeviceMappings of the launch request, in the SDK's shape. */
  blockDeviceMappings?: Record<string, unknown>[];
  shutdownBehavior?: 'stop' | 'terminate';
  /** Tags of its root volume. */
  volumeTags?: Tags;
  /** Id under which the driver keeps its image's data, where that is not the image's own. */
  imageDataId?: string;
  /** Of its metadata service, in the SDK's shape; only what was asked for. */
  metadataOptions?: Record<string, unknown>;
}

export type ImageState = 'pending' | 'available' | 'failed' | 'deregistered' | 'disabled';

export interface ImageRecord {
  id: string;
  name: string;
  description?: string;
  state: ImageState;
  stateReason?: { code: string; message: string };
  createdAt: number;
  sourceInstanceId?: string;
  snapshotId: string;
  tags: Tags;
  /** Milliseconds since the epoch when the image is marked deprecated. */
  deprecationTime?: number;
  /** Account ids, and `all` for everybody, that may launch it besides the owner. */
  launchPermissions?: string[];
  /** Since when it is only a tombstone. */
  deregisteredAt?: number;
  /** The driver may still hold data of this deregistered or failed image that is to be deleted. */
  dataLeft?: boolean;
  /** Id under which the driver keeps its data, where that is not its own: a copy shares its source's. */
  dataId?: string;
  /** What a copy was made of. */
  source?: { imageId: string; region: string };
  encrypted?: boolean;
  kmsKeyId?: string;
  /** Of the CopyImage that made it, with the digest of that request. */
  clientToken?: string;
  clientTokenDigest?: string;
  /** While it is there, the image cannot be deregistered; `until` when a disabled one's cooldown ends. */
  protection?: { withCooldown: boolean; until?: number };
}

export interface SnapshotRecord {
  id: string;
  state: 'pending' | 'completed' | 'error';
  volumeId: string;
  description?: string;
  startTime: number;
  sizeBytes: number;
  tags: Tags;
  encrypted?: boolean;
  kmsKeyId?: string;
  /** Size of the volume in GiB, where it is not the usual one. */
  volumeGib?: number;
  /** When it is done, for one that no image waits for. */
  completedAt?: number;
  /** Account ids, and `all` for everybody, that may make volumes of it besides the owner. */
  createVolumePermissions?: string[];
}

export interface LaunchTemplateVersion {
  number: number;
  description?: string;
  createdAt: number;
  /** RequestLaunchTemplateData of the SDK, as plain data. */
  data: Record<string, unknown>;
}

export interface LaunchTemplateRecord {
  id: string;
  name: string;
  createdAt: number;
  defaultVersion: number;
  latestVersion: number;
  versions: LaunchTemplateVersion[];
  tags: Tags;
  /** Client tokens seen, each with the version it made. */
  tokens: Record<string, number>;
  /** Client tokens seen, each with the digest of its request. */
  tokenDigests?: Record<string, string>;
  /** The number of the next version: numbers of deleted versions are not used again. */
  nextVersion?: number;
}

export interface KeyPairRecord {
  id: string;
  name: string;
  /** One authorized_keys line. */
  publicKey: string;
  fingerprint: string;
  keyType?: 'rsa' | 'ed25519';
  createdAt: number;
  tags: Tags;
}

export interface VpcRecord {
  cidr: string;
  defaultSecurityGroupId: string;
}

export interface SubnetRecord {
  vpcId: string;
  zone: string;
  cidr: string;
}

export interface SecurityGroupRecord {
  id: string;
  name: string;
  description: string;
  vpcId: string;
  ingress: SecurityGroupRuleRecord[];
  egress: SecurityGroupRuleRecord[];
  tags: Tags;
}

export interface SecurityGroupRuleRecord {
  id: string;
  protocol: string;
  fromPort?: number;
  toPort?: number;
  /** IPv4 or IPv6 block. */
  cidr?: string;
  groupId?: string;
  description?: string;
  tags?: Tags;
}

// --- Auto Scaling ---------------------------------------------------------------------------------------------

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
    /** How far the refresh had come when it was turned round. */
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

// --- Elastic Load Balancing -----------------------------------------------------------------------------------

export interface TargetGroupRecord {
  arn: string;
  name: string;
  protocol: string;
  port: number;
  vpcId?: string;
  healthCheck: {
    path: string;
    protocol: string;
    /** `traffic-port` or a number. */
    port: string;
    intervalSeconds: number;
    timeoutSeconds: number;
    healthyThreshold: number;
    unhealthyThreshold: number;
    matcher: string;
  };
  attributes: Record<string, string>;
  targets: TargetRecord[];
  tags: Tags;
}

export type TargetState = 'initial' | 'healthy' | 'unhealthy' | 'unused' | 'draining' | 'unavailable';

export interface TargetRecord {
  /** Instance id. */
  id: string;
  port: number;
  state: TargetState;
  /** As in TargetHealth.Reason, e.g. `Elb.RegistrationInProgress`, `Target.DeregistrationInProgress`. */
  reason?: string;
  description?: string;
  registeredAt: number;
  drainingSince?: number;
}

/** Capacity units that are kept for a load balancer. */
export interface CapacityRecord {
  /** What was asked for last; 0 after a reset. */
  units: number;
  /** What is in force until that is provisioned. */
  before: number;
  modifiedAt: number;
  /** When it was spread over other zones. */
  movedAt?: number;
  /** When the units of today were made fewer (midnight to midnight, UTC). */
  decreases: number[];
}

export interface LoadBalancerRecord {
  arn: string;
  name: string;
  dnsName: string;
  /** Its own loopback address. */
  address: string;
  scheme: string;
  type: string;
  state: 'provisioning' | 'active' | 'failed';
  createdAt: number;
  subnetIds: string[];
  securityGroupIds: string[];
  vpcId: string;
  attributes: Record<string, string>;
  tags: Tags;
  /** Absent while nothing was ever reserved. */
  capacity?: CapacityRecord;
}

export interface ListenerRecord {
  arn: string;
  loadBalancerArn: string;
  port: number;
  protocol: string;
  /** Actions in the SDK's shape. */
  defaultActions: Record<string, unknown>[];
  tags: Tags;
  /** Only what was set. */
  attributes?: Record<string, string>;
}

export interface RuleRecord {
  arn: string;
  listenerArn: string;
  priority: number;
  /** Conditions in the SDK's shape. */
  conditions: Record<string, unknown>[];
  actions: Record<string, unknown>[];
  tags: Tags;
}

// --- CloudWatch ------------------------------------------------------------------------------------------------

export type AlarmStateName = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';

export interface AlarmRecord {
  name: string;
  arn: string;
  state: AlarmStateName;
  stateReason: string;
  /** JSON, as SetAlarmState carries it. */
  stateReasonData?: string;
  /** When the state was last set, and when it last became another one. */
  stateUpdatedAt: number;
  stateTransitionedAt: number;
  configuredAt: number;
  /** PutMetricAlarm's input in the SDK's shape, without its tags. */
  settings: Record<string, unknown>;
  tags: Tags;
}

/** The whole cloud. Tables are keyed by id (`groups` by name, ELBv2's by ARN). */
export interface CloudState {
  instances: Record<string, InstanceRecord>;
  images: Record<string, ImageRecord>;
  snapshots: Record<string, SnapshotRecord>;
  launchTemplates: Record<string, LaunchTemplateRecord>;
  keyPairs: Record<string, KeyPairRecord>;
  securityGroups: Record<string, SecurityGroupRecord>;
  groups: Record<string, GroupRecord>;
  activities: ActivityRecord[];
  refreshes: Record<string, RefreshRecord>;
  targetGroups: Record<string, TargetGroupRecord>;
  loadBalancers: Record<string, LoadBalancerRecord>;
  listeners: Record<string, ListenerRecord>;
  rules: Record<string, RuleRecord>;
  /** CloudWatch alarms by name; cloudwatch/alarms.ts owns them. */
  alarms?: Record<string, AlarmRecord>;
  /** Values of quotas that were raised, by code; quotas/ owns them. */
  quotas?: Record<string, number>;
  /** VPCs that were made, by id; network.ts tells these and the default one. */
  vpcs?: Record<string, VpcRecord>;
  /** Subnets that were made, by id. */
  subnets?: Record<string, SubnetRecord>;
  /** Ids of the default VPC and its subnets, as far as they were deleted. */
  deletedDefaults?: string[];
  /** Tags of VPCs and subnets, by id. */
  networkTags?: Record<string, Tags>;
}

/**
 * A table without a prototype: callers choose the keys they ask for, and must find nothing at `constructor` or `__proto__`.
 * @param rows what it holds at the start
 */
export function table<Row>(rows: Record<string, Row> = {}): Record<string, Row> {
  return Object.assign(Object.create(null), rows);
}

/** A cloud with nothing in it. */
export function emptyState(): CloudState {
  return {
    instances: table(),
    images: table(),
    snapshots: table(),
    launchTemplates: table(),
    keyPairs: table(),
    securityGroups: table(),
    groups: table(),
    activities: [],
    refreshes: table(),
    targetGroups: table(),
    loadBalancers: table(),
    listeners: table(),
    rules: table(),
  };
}
