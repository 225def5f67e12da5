import {
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  CreateRuleCommand,
  CreateTargetGroupCommand,
  DescribeListenersCommand,
  DescribeLoadBalancersCommand,
  DescribeTargetGroupsCommand,
  type LoadBalancer,
  ModifyTargetGroupAttributesCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { AwsClients } from '../aws/clients.ts';
import { isNotFound } from '../aws/errors.ts';
import type { FleetDefinition, TargetGroupDefinition } from '../aws/fleet-definition.ts';
import { readRoutes } from '../aws/listeners.ts';
import { toTags } from '../aws/tags.ts';
import type { Fleet } from '../config/settings.ts';
import type { Poll } from '../engine/poll.ts';
import { headerIs } from './apply-changes.ts';

/** URL of the fleet: on the port of the file, unless its listener is still on another one. */
export async function urlOf({ elb }: AwsClients, { names, balancer }: Fleet): Promise<string> {
  const { LoadBalancers } = await elb.send(new DescribeLoadBalancersCommand({ Names: [names.loadBalancer] }));
  const { LoadBalancerArn, DNSName } = LoadBalancers?.[0] ?? {};
  const { Listeners = [] } = await elb.send(new DescribeListenersCommand({ LoadBalancerArn }));
  const ports = Listeners.flatMap((one) => one.Port ?? []);
  const port = ports.includes(balancer.listenerPort) ? balancer.listenerPort : (ports[0] ?? balancer.listenerPort);
  return `http://${DNSName}:${port}`;
}

/** The load balancer of the fleet, once it is active. Made when absent. */
export async function ensureBalancer(
  { elb }: AwsClients,
  { loadBalancer: { name: Name }, tags }: FleetDefinition,
  subnets: string[],
  poll: Poll,
): Promise<LoadBalancer> {
  const read = async () => (await elb.send(new DescribeLoadBalancersCommand({ Names: [Name] }))).LoadBalancers?.[0];
  const existing = await read().catch((error: unknown) => {
    if (isNotFound(error)) return undefined;
    throw error;
  });
  if (!existing) {
    await elb.send(new CreateLoadBalancerCommand({ Name, Subnets: subnets, Type: 'application', Tags: toTags(tags) }));
  }
  const active = await poll({
    what: `load balancer ${Name} to become active`,
    read,
    until: (balancer) => balancer?.State?.Code === 'active',
    explain: (balancer) => ({
      causes: [
        `${Name} is ${balancer?.State?.Code ?? 'not there'}${balancer?.State?.Reason ? `: ${balancer.State.Reason}` : ''}`,
      ],
    }),
    everyMs: 100,
    timeoutMs: 300_000,
  });
  return active as LoadBalancer;
}

/** The ARN of a target group of the fleet, which is created when absent; `configure` changes an existing one. */
export async function ensureTargetGroup(
  { elb }: AwsClients,
  { tags }: FleetDefinition,
  { name: Name, port: Port, healthCheck: check, attributes }: TargetGroupDefinition,
  VpcId?: string,
): Promise<string> {
  try {
    const { TargetGroups } = await elb.send(new DescribeTargetGroupsCommand({ Names: [Name] }));
    if (TargetGroups?.[0]?.TargetGroupArn) return TargetGroups[0].TargetGroupArn;
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  const { TargetGroups } = await elb.send(
    new CreateTargetGroupCommand({
      Name,
      VpcId,
      Protocol: 'HTTP',
      Port,
      TargetType: 'instance',
      HealthCheckPath: check.path,
      HealthCheckIntervalSeconds: check.intervalSeconds,
      HealthCheckTimeoutSeconds: check.timeoutSeconds,
      HealthyThresholdCount: check.healthyThreshold,
      UnhealthyThresholdCount: check.unhealthyThreshold,
      Tags: toTags(tags),
    }),
  );
  const arn = TargetGroups?.[0]?.TargetGroupArn ?? '';
  await elb.send(
    new ModifyTargetGroupAttributesCommand({
      TargetGroupArn: arn,
      Attributes: Object.entries(attributes).map(([Key, Value]) => ({ Key, Value })),
    }),
  );
  return arn;
}

/**
 * Creates the fleet's listener and its validation rule when absent. `configure` moves a listener of the fleet on
 * another port.
 */
export async function ensureListener(
  { elb }: AwsClients,
  { loadBalancer: { port }, targetGroups, validationRule }: FleetDefinition,
  LoadBalancerArn: string,
  arns: Map<string, string>,
): Promise<void> {
  const own = new Set(arns.values());
  const { Listeners = [] } = await elb.send(new DescribeListenersCommand({ LoadBalancerArn }));
  const routes = new Map(
    await Promise.all(
      Listeners.map(async ({ ListenerArn = '' }) => [ListenerArn, await readRoutes(elb, ListenerArn)] as const),
    ),
  );
  const leading = Listeners.filter(({ ListenerArn = '' }) =>
    routes.get(ListenerArn)?.some(({ weights }) => weights.some((one) => own.has(one.targetGroupArn))),
  );
  const found = leading.find((one) => one.Port === port) ?? leading[0];
  // A listener with other targets belongs to somebody else.
  if (!found && Listeners.some((one) => one.Port === port)) return;
  // The first group has the traffic; the other is registered with weight 0, so that its health is checked.
  const serving = targetGroups
    .filter((one) => one.role === 'serving')
    .map((one, index) => ({ TargetGroupArn: arns.get(one.name), Weight: index === 0 ? 100 : 0 }));
  const listener =
    found?.ListenerArn ??
    (
      await elb.send(
        new CreateListenerCommand({
          LoadBalancerArn,
          Protocol: 'HTTP',
          Port: port,
          DefaultActions: [{ Type: 'forward', ForwardConfig: { TargetGroups: serving } }],
        }),
      )
    ).Listeners?.[0]?.ListenerArn;
  if (routes.get(listener ?? '')?.some(({ kind, header }) => kind === 'rule' && header?.values.includes('on'))) return;
  await elb.send(
    new CreateRuleCommand({
      ListenerArn: listener,
      Priority: validationRule.priority,
      Conditions: [headerIs(validationRule.header)],
      Actions: [{ Type: 'forward', TargetGroupArn: arns.get(validationRule.targetGroup) }],
    }),
  );
}
