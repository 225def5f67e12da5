import {
  CreateOrUpdateTagsCommand,
  DetachLoadBalancerTargetGroupsCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import {
  DeleteListenerCommand,
  DeleteTargetGroupCommand,
  ModifyListenerCommand,
  ModifyRuleCommand,
  ModifyTargetGroupAttributesCommand,
  ModifyTargetGroupCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { AwsClients } from '../aws/clients.ts';
import type { FleetResources } from '../aws/fleet-resources.ts';
import type { Fleet } from '../config/settings.ts';
import type { Difference } from '../fleet/configuration/compare.ts';
import { listenerOf, type SeenConfiguration } from '../fleet/configuration/read.ts';
import { appliedTags, type SettingName, type SettingValues } from '../fleet/configuration/settings.ts';

/**
 * Applies the file's values for these differences. Each call updates one resource completely, so that a call that took
 * effect without being recorded is not repeated. `service.port` is not among them: see {@link removeTargetGroups}.
 * @param next Called before each call; what it rejects with ends the work.
 */
export async function applyDifferences(
  aws: AwsClients,
  seen: SeenConfiguration,
  differences: readonly Difference[],
  next: () => Promise<void>,
): Promise<void> {
  const changes: (() => Promise<unknown>)[] = [
    ...seen.resources.targetGroups.flatMap((group) => targetGroupChanges(aws, group, about(differences, group.name))),
    ...seen.resources.groups.flatMap((group) => groupChanges(aws, group.name, about(differences, group.name, 'group'))),
    ...listenerChanges(
      aws,
      seen,
      differences.filter((one) => one.kind === 'load balancer'),
    ),
  ];
  for (const change of changes) {
    await next();
    await change();
  }
}

type Wanted = Partial<SettingValues>;

/** The file's values for the different settings of one resource. Target groups and groups may have the same name. */
function about(
  differences: readonly Difference[],
  resource: string,
  kind: 'group' | 'target group' = 'target group',
): Wanted {
  const meant = kind === 'group' ? 'Auto Scaling group' : kind;
  return Object.fromEntries(
    differences
      .filter((one) => one.kind === meant && one.resource === resource)
      .map(({ setting, file }) => [setting, file]),
  );
}

function targetGroupChanges(
  { elb }: AwsClients,
  { arn: TargetGroupArn }: FleetResources['targetGroups'][number],
  wanted: Wanted,
): (() => Promise<unknown>)[] {
  const check = {
    HealthCheckPath: wanted['balancer.healthCheck.path'],
    HealthCheckIntervalSeconds: numberOf(wanted, 'balancer.healthCheck.intervalSeconds'),
    HealthCheckTimeoutSeconds: numberOf(wanted, 'balancer.healthCheck.timeoutSeconds'),
    HealthyThresholdCount: numberOf(wanted, 'balancer.healthCheck.healthyThreshold'),
    UnhealthyThresholdCount: numberOf(wanted, 'balancer.healthCheck.unhealthyThreshold'),
  };
  const delay = wanted['balancer.deregistrationDelaySeconds'];
  const Attributes = [{ Key: 'deregistration_delay.timeout_seconds', Value: delay }];
  return [
    ...(isEmpty(check) ? [] : [() => elb.send(new ModifyTargetGroupCommand({ TargetGroupArn, ...check }))]),
    ...(delay === undefined
      ? []
      : [() => elb.send(new ModifyTargetGroupAttributesCommand({ TargetGroupArn, Attributes }))]),
  ];
}

/** The desired capacity is not written, as Auto Scaling itself raises it to a higher minimum. */
function groupChanges({ autoScaling }: AwsClients, name: string, wanted: Wanted): (() => Promise<unknown>)[] {
  const limits = {
    MinSize: numberOf(wanted, 'capacity.min'),
    MaxSize: numberOf(wanted, 'capacity.max'),
    HealthCheckGracePeriod: numberOf(wanted, 'release.timeouts.health'),
  };
  if (isEmpty(limits)) return [];
  return [() => autoScaling.send(new UpdateAutoScalingGroupCommand({ AutoScalingGroupName: name, ...limits }))];
}

/**
 * A listener keeps its ARN, weights and rules when its port changes; if both ports have one, the old one is deleted.
 */
function listenerChanges(
  { elb }: AwsClients,
  seen: SeenConfiguration,
  differences: readonly Difference[],
): (() => Promise<unknown>)[] {
  const { resources } = seen;
  const listener = listenerOf(resources, seen);
  const changes: (() => Promise<unknown>)[] = [];
  for (const { setting, file, now, surplus } of differences) {
    if (setting === 'balancer.validationHeader') {
      const rule = listener?.routes.find((one) => one.header?.name.toLowerCase() === now);
      if (rule)
        changes.push(() => elb.send(new ModifyRuleCommand({ RuleArn: rule.arn, Conditions: [headerIs(file)] })));
      continue;
    }
    if (surplus) {
      const ListenerArn = resources.listeners.find((one) => String(one.port) === now)?.arn;
      changes.push(() => elb.send(new DeleteListenerCommand({ ListenerArn })));
    } else if (listener) {
      changes.push(() => elb.send(new ModifyListenerCommand({ ListenerArn: listener.arn, Port: Number(file) })));
    }
  }
  return changes;
}

/** The condition of the rule of the validation route. */
export function headerIs(name: string) {
  return { Field: 'http-header', HttpHeaderConfig: { HttpHeaderName: name, Values: ['on'] } };
}

/**
 * Removes listeners and target groups of a fleet without instances, as the port of a target group cannot change; they
 * are then created again.
 * @param next Called before each call; what it rejects with ends the work.
 */
export async function removeTargetGroups(
  { elb, autoScaling }: AwsClients,
  { targetGroups, groups, listeners }: FleetResources,
  next: () => Promise<void>,
): Promise<void> {
  const own = new Set(targetGroups.map((one) => one.arn));
  for (const { arn: ListenerArn } of listeners) {
    await next();
    await elb.send(new DeleteListenerCommand({ ListenerArn }));
  }
  for (const { name, targetGroupArns } of groups) {
    const TargetGroupARNs = targetGroupArns.filter((arn) => own.has(arn));
    if (TargetGroupARNs.length === 0) continue;
    await next();
    await autoScaling.send(new DetachLoadBalancerTargetGroupsCommand({ AutoScalingGroupName: name, TargetGroupARNs }));
  }
  for (const TargetGroupArn of own) {
    await next();
    await elb.send(new DeleteTargetGroupCommand({ TargetGroupArn }));
  }
}

/** Records the applied values in tags of the fleet. */
export async function recordApplied(
  { autoScaling }: AwsClients,
  { names }: Pick<Fleet, 'names'>,
  values: Partial<SettingValues>,
): Promise<void> {
  const Tags = Object.entries(appliedTags(values)).map(([Key, Value]) => ({
    ResourceId: names.group,
    ResourceType: 'auto-scaling-group',
    Key,
    Value,
    PropagateAtLaunch: false,
  }));
  if (Tags.length > 0) await autoScaling.send(new CreateOrUpdateTagsCommand({ Tags }));
}

const numberOf = (wanted: Wanted, setting: SettingName): number | undefined =>
  wanted[setting] === undefined ? undefined : Number(wanted[setting]);

const isEmpty = (values: object): boolean => Object.values(values).every((value) => value === undefined);
