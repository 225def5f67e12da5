import { type AutoScalingGroup, DescribeAutoScalingGroupsCommand } from '@aws-sdk/client-auto-scaling';
import {
  DescribeListenersCommand,
  DescribeLoadBalancersCommand,
  DescribeTargetGroupAttributesCommand,
  DescribeTargetGroupsCommand,
  type TargetGroup,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Fleet } from '../config/settings.ts';
import type { AwsClients } from './clients.ts';
import { isNotFound } from './errors.ts';
import { type Route, readRoutes } from './listeners.ts';

/** A target group as it is, and as the pipelines file defines it. */
export interface TargetGroupResource {
  name: string;
  arn: string;
  port: number;
  healthCheck: Fleet['balancer']['healthCheck'];
  deregistrationDelaySeconds: number;
}

/** An Auto Scaling group as it is, and as the pipelines file defines it. */
export interface GroupResource {
  name: string;
  min: number;
  max: number;
  desired: number;
  healthCheckGraceSeconds: number;
  targetGroupArns: string[];
  /** Ids of all its instances, in any state. */
  instances: string[];
  tags: Record<string, string>;
}

/** A listener that forwards to a target group of the fleet. */
export interface ListenerResource {
  arn: string;
  port: number;
  /** All routes of it that forward to target groups, the default action among them. */
  routes: Route[];
}

/** The existing resources of a fleet; missing ones are absent. */
export interface FleetResources {
  targetGroups: TargetGroupResource[];
  groups: GroupResource[];
  /** Listeners of the fleet's load balancer, by port. */
  listeners: ListenerResource[];
}

/** Reads a fleet by its names: a handful of calls, whatever its size. */
export async function readFleetResources(aws: AwsClients, fleet: Fleet): Promise<FleetResources> {
  const { names } = fleet;
  const green = fleet.release.strategy === 'blue-green';
  const wanted = [names.targetGroup, ...(green ? [names.greenTargetGroup] : []), names.validationTargetGroup];
  const [targetGroups, groups] = await Promise.all([
    Promise.all(wanted.map((name) => readTargetGroup(aws, name))),
    readGroupResources(aws, [names.group, ...(green ? [names.greenGroup] : [])]),
  ]);
  const found = targetGroups.filter((one) => one !== undefined);
  return { targetGroups: found, groups, listeners: await readListeners(aws, names.loadBalancer, found) };
}

async function readTargetGroup({ elb }: AwsClients, name: string): Promise<TargetGroupResource | undefined> {
  try {
    const { TargetGroups } = await elb.send(new DescribeTargetGroupsCommand({ Names: [name] }));
    const found = TargetGroups?.[0];
    if (!found) return undefined;
    const { TargetGroupArn } = found;
    const { Attributes } = await elb.send(new DescribeTargetGroupAttributesCommand({ TargetGroupArn }));
    const delay = Attributes?.find((one) => one.Key === 'deregistration_delay.timeout_seconds')?.Value;
    return toTargetGroup(found, Number(delay));
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

function toTargetGroup(found: TargetGroup, deregistrationDelaySeconds: number): TargetGroupResource {
  return {
    name: found.TargetGroupName ?? '',
    arn: found.TargetGroupArn ?? '',
    port: found.Port ?? 0,
    healthCheck: {
      path: found.HealthCheckPath ?? '',
      intervalSeconds: found.HealthCheckIntervalSeconds ?? 0,
      timeoutSeconds: found.HealthCheckTimeoutSeconds ?? 0,
      healthyThreshold: found.HealthyThresholdCount ?? 0,
      unhealthyThreshold: found.UnhealthyThresholdCount ?? 0,
    },
    deregistrationDelaySeconds,
  };
}

async function readGroupResources({ autoScaling }: AwsClients, names: string[]): Promise<GroupResource[]> {
  const { AutoScalingGroups = [] } = await autoScaling.send(
    new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: names }),
  );
  const byName = new Map(AutoScalingGroups.map((one) => [one.AutoScalingGroupName, one]));
  return names.flatMap((name) => {
    const found = byName.get(name);
    return found ? [toGroup(name, found)] : [];
  });
}

function toGroup(name: string, group: AutoScalingGroup): GroupResource {
  return {
    name,
    min: group.MinSize ?? 0,
    max: group.MaxSize ?? 0,
    desired: group.DesiredCapacity ?? 0,
    healthCheckGraceSeconds: group.HealthCheckGracePeriod ?? 0,
    targetGroupArns: group.TargetGroupARNs ?? [],
    instances: (group.Instances ?? []).flatMap((one) => one.InstanceId ?? []),
    tags: Object.fromEntries((group.Tags ?? []).map(({ Key = '', Value = '' }) => [Key, Value])),
  };
}

async function readListeners(
  { elb }: AwsClients,
  balancer: string,
  targetGroups: readonly TargetGroupResource[],
): Promise<ListenerResource[]> {
  const own = new Set(targetGroups.map((one) => one.arn));
  try {
    const { LoadBalancers } = await elb.send(new DescribeLoadBalancersCommand({ Names: [balancer] }));
    const LoadBalancerArn = LoadBalancers?.[0]?.LoadBalancerArn;
    if (LoadBalancerArn === undefined) return [];
    const { Listeners = [] } = await elb.send(new DescribeListenersCommand({ LoadBalancerArn }));
    const all = await Promise.all(
      Listeners.map(async ({ ListenerArn: arn = '', Port: port = 0 }) => ({
        arn,
        port,
        routes: await readRoutes(elb, arn),
      })),
    );
    return all
      .filter(({ routes }) => routes.some(({ weights }) => weights.some((one) => own.has(one.targetGroupArn))))
      .sort((a, b) => a.port - b.port);
  } catch (error) {
    if (isNotFound(error)) return [];
    throw error;
  }
}
