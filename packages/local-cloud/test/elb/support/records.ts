import type { Routing } from '../../../src/elb/balancer-driver.ts';
import type { ListenerRecord, LoadBalancerRecord, RuleRecord, TargetGroupRecord } from '../../../src/model.ts';

const prefix = 'arn:aws:elasticloadbalancing:eu-west-1:000000000000';

export function targetGroup(
  name: string,
  healthCheck: Partial<TargetGroupRecord['healthCheck']> = {},
): TargetGroupRecord {
  return {
    arn: `${prefix}:targetgroup/${name}/0123456789abcdef`,
    name,
    protocol: 'HTTP',
    port: 8080,
    healthCheck: {
      ...{ path: '/health', protocol: 'HTTP', port: 'traffic-port', intervalSeconds: 0.2, timeoutSeconds: 1 },
      ...{ healthyThreshold: 3, unhealthyThreshold: 2, matcher: '200' },
      ...healthCheck,
    },
    attributes: {},
    targets: [],
    tags: {},
  };
}

export function loadBalancer(address: string): LoadBalancerRecord {
  return {
    arn: `${prefix}:loadbalancer/app/lb/0123456789abcdef`,
    ...{ name: 'lb', dnsName: address, address, scheme: 'internet-facing', type: 'application', state: 'active' },
    ...{ createdAt: 0, subnetIds: [], securityGroupIds: [], vpcId: 'vpc-1', attributes: {}, tags: {} },
  };
}

export function listener(balancer: LoadBalancerRecord, port: number, action: Record<string, unknown>): ListenerRecord {
  const arn = `${balancer.arn.replace(':loadbalancer/', ':listener/')}/${port.toString(16).padStart(16, '0')}`;
  return { arn, loadBalancerArn: balancer.arn, port, protocol: 'HTTP', defaultActions: [action], tags: {} };
}

export function rule(
  of: ListenerRecord,
  priority: number,
  conditions: Record<string, unknown>[],
  action: Record<string, unknown>,
): RuleRecord {
  const arn = `${of.arn.replace(':listener/', ':listener-rule/')}/${priority.toString(16).padStart(16, '0')}`;
  return { arn, listenerArn: of.arn, priority, conditions, actions: [action], tags: {} };
}

/** A forward to one target group, or to several with weights. */
export function forward(...to: (TargetGroupRecord | [TargetGroupRecord, number])[]): Record<string, unknown> {
  const groups = to.map((entry) => (Array.isArray(entry) ? entry : ([entry, 1] as const)));
  return {
    Type: 'forward',
    ForwardConfig: { TargetGroups: groups.map(([group, Weight]) => ({ TargetGroupArn: group.arn, Weight })) },
  };
}

export function routing(parts: Partial<Routing>): Routing {
  return { loadBalancers: [], listeners: [], rules: [], targetGroups: [], ...parts };
}
