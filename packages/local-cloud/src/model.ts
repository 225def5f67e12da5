import type { AlarmRecord } from './model/alarms.ts';
import type { ListenerRecord, LoadBalancerRecord, RuleRecord, TargetGroupRecord } from './model/balancers.ts';
import type { ActivityRecord, GroupRecord } from './model/groups.ts';
import type { IamState } from './model/iam.ts';
import type { ImageRecord, SnapshotRecord } from './model/images.ts';
import type { InstanceRecord, KeyPairRecord } from './model/instances.ts';
import type { LaunchTemplateRecord } from './model/launch-templates.ts';
import type { SecurityGroupRecord, SubnetRecord, VpcAttributes, VpcRecord } from './model/network.ts';
import type { RefreshRecord } from './model/refreshes.ts';
import type { ParameterRecord, SecretRecord } from './model/secrets.ts';
import type { Tags } from './model/tags.ts';
import type { VolumeRecord } from './model/volumes.ts';

/*
 * The records of the local cloud. Everything here is plain data that survives a JSON round trip: the state file is
 * these tables and nothing else. Times are milliseconds of the cloud's clock. Services own their tables and write
 * only those; they read the others'.
 */
export type * from './model/alarms.ts';
export type * from './model/balancers.ts';
export type * from './model/group-extras.ts';
export type * from './model/groups.ts';
export type * from './model/iam.ts';
export type * from './model/images.ts';
export type * from './model/instances.ts';
export type * from './model/launch-templates.ts';
export type * from './model/network.ts';
export type * from './model/refreshes.ts';
export type * from './model/secrets.ts';
export type * from './model/tags.ts';
export type * from './model/volumes.ts';

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
  /** Parameters of Parameter Store by name; ssm/ owns them. */
  parameters?: Record<string, ParameterRecord>;
  /** Secrets of Secrets Manager by name; secretsmanager/ owns them. */
  secrets?: Record<string, SecretRecord>;
  /** Roles, instance profiles and policies, in the home region's records only; iam/ owns them. */
  iam?: IamState;
  /** VPCs that were made, by id; network.ts tells these and the default one. */
  vpcs?: Record<string, VpcRecord>;
  /** Attributes of VPCs that were changed, by id. */
  vpcAttributes?: Record<string, VpcAttributes>;
  /** Subnets that were made, by id. */
  subnets?: Record<string, SubnetRecord>;
  /** Ids of the default VPC and its subnets, as far as they were deleted. */
  deletedDefaults?: string[];
  /** Volumes by id, but for attached root volumes; ec2/volumes/ owns them. */
  volumes?: Record<string, VolumeRecord>;
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
