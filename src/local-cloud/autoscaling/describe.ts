import { createHash } from 'node:crypto';
import type {
  Activity,
  AutoScalingGroup,
  AutoScalingInstanceDetails,
  Instance,
  InstanceRefresh,
  LaunchTemplateSpecification,
  TagDescription,
} from '@aws-sdk/client-auto-scaling';
import type { ActivityRecord, CloudState, GroupInstance, GroupRecord, RefreshRecord } from '../model.ts';
import { account } from '../settings.ts';

/** The group's ARN; AWS puts a random id in it, here it follows from name and time of creation. */
export function groupArn(group: GroupRecord): string {
  const hex = createHash('sha256').update(`${group.name}\n${group.createdAt}`).digest('hex');
  const uuid = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
  const region = group.availabilityZones[0]?.slice(0, -1) ?? account.region;
  return `arn:aws:autoscaling:${region}:${account.id}:autoScalingGroup:${uuid}:autoScalingGroupName/${group.name}`;
}

function template(
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

function describeMember(state: CloudState, member: GroupInstance): Instance {
  return {
    InstanceId: member.instanceId,
    InstanceType: state.instances[member.instanceId]?.instanceType,
    AvailabilityZone: member.availabilityZone,
    LifecycleState: member.lifecycleState,
    HealthStatus: member.healthStatus,
    LaunchTemplate: template(state, member.launchTemplate),
    ProtectedFromScaleIn: member.protectedFromScaleIn,
  };
}

export function describeInstance(
  state: CloudState,
  group: GroupRecord,
  member: GroupInstance,
): AutoScalingInstanceDetails {
  const { HealthStatus, ...rest } = describeMember(state, member);
  return {
    ...rest,
    InstanceId: member.instanceId,
    AvailabilityZone: member.availabilityZone,
    LifecycleState: member.lifecycleState,
    ProtectedFromScaleIn: member.protectedFromScaleIn,
    // This operation spells it in capitals, the group's description does not.
    HealthStatus: HealthStatus?.toUpperCase(),
    ImageId: state.instances[member.instanceId]?.imageId,
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
    LaunchTemplate: template(state, group.launchTemplate),
    MinSize: group.minSize,
    MaxSize: group.maxSize,
    DesiredCapacity: group.desiredCapacity,
    DefaultCooldown: group.defaultCooldownSeconds,
    AvailabilityZones: group.availabilityZones,
    LoadBalancerNames: [],
    TargetGroupARNs: group.targetGroupArns,
    HealthCheckType: group.healthCheckType,
    HealthCheckGracePeriod: group.healthCheckGracePeriodSeconds,
    Instances: withInstances ? group.instances.map((i) => describeMember(state, i)) : [],
    CreatedTime: new Date(group.createdAt),
    SuspendedProcesses: group.suspendedProcesses.map((name) => ({
      ProcessName: name,
      SuspensionReason: 'User suspended',
    })),
    VPCZoneIdentifier: group.subnetIds.join(','),
    EnabledMetrics: [],
    Status: group.deleting ? 'Delete in progress' : undefined,
    Tags: describeTags(group),
    TerminationPolicies: group.terminationPolicies,
    NewInstancesProtectedFromScaleIn: group.newInstancesProtected,
    ServiceLinkedRoleARN: `arn:aws:iam::${account.id}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling`,
    DefaultInstanceWarmup: group.defaultInstanceWarmupSeconds,
    TrafficSources: group.targetGroupArns.map((arn) => ({ Identifier: arn, Type: 'elbv2' })),
  };
}

export function describeActivity(activity: ActivityRecord): Activity {
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
  };
}

export function describeRefresh(state: CloudState, refresh: RefreshRecord): InstanceRefresh {
  const p = refresh.preferences;
  const { rollback } = refresh;
  return {
    InstanceRefreshId: refresh.id,
    AutoScalingGroupName: refresh.groupName,
    Status: refresh.status,
    StatusReason: refresh.statusReason,
    StartTime: new Date(refresh.startTime),
    EndTime: refresh.endTime === undefined ? undefined : new Date(refresh.endTime),
    PercentageComplete: refresh.percentageComplete,
    InstancesToUpdate: refresh.instancesToUpdate,
    Strategy: 'Rolling',
    Preferences: {
      MinHealthyPercentage: p.minHealthyPercentage,
      MaxHealthyPercentage: p.maxHealthyExplicit ? p.maxHealthyPercentage : undefined,
      InstanceWarmup: p.instanceWarmupSeconds,
      SkipMatching: p.skipMatching,
      AutoRollback: p.autoRollback,
      BakeTime: p.bakeTimeSeconds,
      ScaleInProtectedInstances: p.scaleInProtectedInstances,
      StandbyInstances: p.standbyInstances,
      ...(p.checkpointPercentages.length > 0 && {
        CheckpointPercentages: p.checkpointPercentages,
        CheckpointDelay: p.checkpointDelaySeconds,
      }),
      ...(p.alarms.length > 0 && { AlarmSpecification: { Alarms: p.alarms } }),
    },
    DesiredConfiguration: refresh.desiredLaunchTemplate && {
      LaunchTemplate: template(state, refresh.desiredLaunchTemplate),
    },
    RollbackDetails: rollback && {
      RollbackReason: refresh.rollbackReason,
      RollbackStartTime: new Date(rollback.startTime),
      PercentageCompleteOnRollback: rollback.percentageCompleteOnRollback,
      InstancesToUpdateOnRollback: rollback.instancesToUpdateOnRollback,
    },
  };
}
