import { createHash } from 'node:crypto';
import type {
  Activity,
  AutoScalingGroup,
  AutoScalingInstanceDetails,
  Instance,
  LaunchTemplateSpecification,
  MixedInstancesPolicy,
  TagDescription,
  WarmPoolConfiguration,
} from '@aws-sdk/client-auto-scaling';
import { isoSeconds } from '@golden-pipeline/shared/text';
import type { ActivityRecord, CloudState, GroupInstance, GroupRecord, WarmPoolRecord } from '../model.ts';
import { findRegion } from '../regions.ts';
import { account } from '../settings.ts';
import { groupMembers, isWarm } from './lifecycle-states.ts';
import { shownSettings } from './shown-settings.ts';

/** The group's ARN; AWS puts a random id in it, here it follows from name and time of creation. */
export function groupArn(group: GroupRecord): string {
  return `${arnStart(group)}:autoScalingGroup:${uuidOf(group.name, group)}:autoScalingGroupName/${group.name}`;
}

/** ARN of something that belongs to a group: a scheduled action or a policy. */
export function resourceArn(group: GroupRecord, type: string, name: string, label: string): string {
  const id = uuidOf(`${type}\n${name}\n${group.name}`, group);
  return `${arnStart(group)}:${type}:${id}:autoScalingGroupName/${group.name}:${label}/${name}`;
}

function arnStart(group: GroupRecord): string {
  return `arn:aws:autoscaling:${group.availabilityZones[0]?.slice(0, -1) ?? account.region}:${account.id}`;
}

function uuidOf(text: string, group: GroupRecord): string {
  const hex = createHash('sha256').update(`${text}\n${group.createdAt}`).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}

export function describeTemplate(
  state: CloudState,
  source: { id: string; version: string | number },
): LaunchTemplateSpecification | undefined {
  // An attached instance need not come from a template.
  if (source.id === '') return undefined;
  return {
    LaunchTemplateId: source.id,
    LaunchTemplateName: state.launchTemplates[source.id]?.name,
    Version: String(source.version),
  };
}

export function describeMember(state: CloudState, group: GroupRecord, member: GroupInstance): Instance {
  const zone = member.availabilityZone;
  return {
    InstanceId: member.instanceId,
    InstanceType: state.instances[member.instanceId]?.instanceType,
    AvailabilityZone: zone,
    AvailabilityZoneId: zoneIdOf(zone),
    ImageId: state.instances[member.instanceId]?.imageId,
    LifecycleState: member.lifecycleState,
    HealthStatus: member.healthStatus,
    LaunchTemplate: describeTemplate(state, member.launchTemplate),
    ProtectedFromScaleIn: member.protectedFromScaleIn,
    WeightedCapacity: weightOf(group),
  };
}

function zoneIdOf(zone: string): string | undefined {
  return findRegion(zone.slice(0, -1))?.zoneIds[zone];
}

/** Weight of the type that the group launches, where it has a mixed-instances policy with weights. */
function weightOf(group: GroupRecord): string | undefined {
  const policy = group.mixedInstances?.policy as MixedInstancesPolicy | undefined;
  return policy?.LaunchTemplate?.Overrides?.[0]?.WeightedCapacity;
}

export function describeWarmPool(pool: WarmPoolRecord): WarmPoolConfiguration {
  return {
    MaxGroupPreparedCapacity: pool.maxPreparedCapacity,
    MinSize: pool.minSize,
    PoolState: pool.poolState,
    Status: pool.deleting ? 'PendingDelete' : undefined,
    InstanceReusePolicy: { ReuseOnScaleIn: pool.reuseOnScaleIn },
  };
}

export function describeInstance(
  state: CloudState,
  group: GroupRecord,
  member: GroupInstance,
): AutoScalingInstanceDetails {
  const { HealthStatus, ...rest } = describeMember(state, group, member);
  return {
    ...rest,
    InstanceId: member.instanceId,
    AvailabilityZone: member.availabilityZone,
    LifecycleState: member.lifecycleState,
    ProtectedFromScaleIn: member.protectedFromScaleIn,
    // This operation spells it in capitals, the group's description does not.
    HealthStatus: HealthStatus?.toUpperCase(),
    AutoScalingGroupName: group.name,
  };
}

export function describeTags(group: GroupRecord): TagDescription[] {
  return group.tags.map((t) => ({
    ResourceId: group.name,
    ResourceType: 'auto-scaling-group',
    Key: t.key,
    Value: t.value,
    PropagateAtLaunch: t.propagateAtLaunch,
  }));
}

export function describeGroup(state: CloudState, group: GroupRecord, withInstances: boolean): AutoScalingGroup {
  return {
    AutoScalingGroupName: group.name,
    AutoScalingGroupARN: groupArn(group),
    LaunchTemplate: group.mixedInstances ? undefined : describeTemplate(state, group.launchTemplate),
    MixedInstancesPolicy: group.mixedInstances?.policy as MixedInstancesPolicy | undefined,
    MinSize: group.minSize,
    MaxSize: group.maxSize,
    DesiredCapacity: group.desiredCapacity,
    DefaultCooldown: group.defaultCooldownSeconds,
    AvailabilityZones: group.availabilityZones,
    AvailabilityZoneIds: group.availabilityZones.map((zone) => zoneIdOf(zone) ?? ''),
    LoadBalancerNames: [],
    TargetGroupARNs: group.targetGroupArns,
    HealthCheckType: group.healthCheckType,
    HealthCheckGracePeriod: group.healthCheckGracePeriodSeconds,
    Instances: withInstances ? groupMembers(group).map((i) => describeMember(state, group, i)) : [],
    CreatedTime: new Date(group.createdAt),
    SuspendedProcesses: group.suspendedProcesses.map((name) => ({
      ProcessName: name,
      SuspensionReason: `User suspended at ${isoSeconds(group.suspendedAt?.[name] ?? group.createdAt)}`,
    })),
    VPCZoneIdentifier: group.subnetIds.join(','),
    EnabledMetrics: (group.enabledMetrics ?? []).map((Metric) => ({ Metric, Granularity: '1Minute' })),
    Status: group.deleting ? 'Delete in progress' : undefined,
    Tags: describeTags(group),
    TerminationPolicies: group.terminationPolicies,
    NewInstancesProtectedFromScaleIn: group.newInstancesProtected,
    ServiceLinkedRoleARN: `arn:aws:iam::${account.id}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling`,
    DefaultInstanceWarmup: group.defaultInstanceWarmupSeconds,
    WarmPoolConfiguration: group.warmPool && describeWarmPool(group.warmPool),
    WarmPoolSize: group.warmPool && group.instances.filter(isWarm).length,
    InstanceMaintenancePolicy: group.maintenancePolicy && {
      MinHealthyPercentage: group.maintenancePolicy.minHealthyPercentage,
      MaxHealthyPercentage: group.maintenancePolicy.maxHealthyPercentage,
    },
    ...shownSettings(group),
    TrafficSources: group.targetGroupArns.map((arn) => ({ Identifier: arn, Type: 'elbv2' })),
  };
}

export function describeActivity(activity: ActivityRecord, state: CloudState): Activity {
  const group = Object.hasOwn(state.groups, activity.groupName) ? state.groups[activity.groupName] : undefined;
  return {
    ActivityId: activity.id,
    AutoScalingGroupName: activity.groupName,
    Description: activity.description,
    Cause: activity.cause,
    StartTime: new Date(activity.startTime),
    EndTime: activity.endTime === undefined ? undefined : new Date(activity.endTime),
    StatusCode: activity.statusCode,
    StatusMessage: activity.statusMessage,
    Progress: activity.progress,
    Details: activity.details && JSON.stringify(activity.details),
    AutoScalingGroupState: group ? undefined : 'Deleted',
    AutoScalingGroupARN: group && groupArn(group),
  };
}
