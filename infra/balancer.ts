import { CfnSecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { CfnListener, CfnListenerRule, CfnLoadBalancer, CfnTargetGroup } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { Construct } from 'constructs';
import type { FleetDefinition, TargetGroupDefinition } from '../src/aws/fleet-definition.ts';
import type { Fleet } from '../src/config/settings.ts';
import type { LiveFleet } from './live-fleet.ts';
import { idOf } from './logical-id.ts';
import type { Network } from './network.ts';

/** The last rule of all (AWS: 1 to 50,000). */
const servingPriority = 50_000;

const nothingServes = {
  type: 'fixed-response',
  fixedResponseConfig: { statusCode: '503', contentType: 'text/plain', messageBody: 'no route leads to the fleet' },
};

/** The load balancer and its listener. */
export interface Balancer {
  loadBalancer: CfnLoadBalancer;
  /** Forwards the requests to the fleet groups. */
  serving: CfnListenerRule;
  securityGroup: CfnSecurityGroup;
  /** Target groups by name. */
  targetGroups: Map<string, CfnTargetGroup>;
}

/** Creates load balancer, listener, target groups and the validation route of a fleet. */
export function createBalancer(
  scope: Construct,
  fleet: Fleet,
  definition: FleetDefinition,
  network: Network,
  live: LiveFleet,
): Balancer {
  const { infrastructure } = fleet;
  const {
    loadBalancer: { name, port },
    validationRule,
  } = definition;
  const securityGroup = new CfnSecurityGroup(scope, 'BalancerSecurityGroup', {
    vpcId: network.vpcId,
    groupDescription: `Who reaches the load balancer ${name}`,
    securityGroupIngress: infrastructure.allowedCidrs.map((cidrIp) => ({
      ipProtocol: 'tcp',
      fromPort: port,
      toPort: port,
      cidrIp,
      description: 'requests',
    })),
  });
  const loadBalancer = new CfnLoadBalancer(scope, 'LoadBalancer', {
    name,
    type: 'application',
    scheme: infrastructure.internal ? 'internal' : 'internet-facing',
    subnets: network.balancerSubnetIds,
    securityGroups: [securityGroup.attrGroupId],
    loadBalancerAttributes: [
      { key: 'deletion_protection.enabled', value: 'true' },
      { key: 'routing.http.drop_invalid_header_fields.enabled', value: 'true' },
    ],
  });
  const targetGroups = new Map(
    definition.targetGroups.map((one) => [one.name, createTargetGroup(scope, one, network)]),
  );
  const groups = definition.targetGroups
    .filter((one) => one.role === 'serving')
    .flatMap((one) => targetGroups.get(one.name)?.ref ?? []);
  const listener = new CfnListener(scope, 'Listener', {
    loadBalancerArn: loadBalancer.ref,
    port,
    ...(infrastructure.certificateArn
      ? {
          protocol: 'HTTPS',
          certificates: [{ certificateArn: infrastructure.certificateArn }],
          sslPolicy: 'ELBSecurityPolicy-TLS13-1-2-2021-06',
        }
      : { protocol: 'HTTP' }),
    // The weights are in a separate rule: with blue/green they belong to the releases, and a deploy that changes the
    // listener must not reset them. It is the same for one group, so that a second one changes nothing here.
    defaultActions: [nothingServes],
  });
  const serving = new CfnListenerRule(scope, 'ServingRule', {
    listenerArn: listener.ref,
    priority: servingPriority,
    conditions: [{ field: 'path-pattern', pathPatternConfig: { values: ['*'] } }],
    actions: [
      {
        type: 'forward',
        forwardConfig: {
          targetGroups: groups.map((targetGroupArn, index) => ({ targetGroupArn, weight: index === 0 ? 100 : 0 })),
        },
      },
    ],
  });
  serving.node.addDependency(live.traffic(listener.ref, groups));
  new CfnListenerRule(scope, 'ValidationRule', {
    listenerArn: listener.ref,
    priority: validationRule.priority,
    conditions: [
      {
        field: 'http-header',
        httpHeaderConfig: { httpHeaderName: validationRule.header, values: [validationRule.value] },
      },
    ],
    actions: [{ type: 'forward', targetGroupArn: targetGroups.get(validationRule.targetGroup)?.ref }],
  });
  return { loadBalancer, serving, securityGroup, targetGroups };
}

function createTargetGroup(scope: Construct, one: TargetGroupDefinition, network: Network): CfnTargetGroup {
  const check = one.healthCheck;
  return new CfnTargetGroup(scope, idOf('TargetGroup', one.name), {
    name: one.name,
    vpcId: network.vpcId,
    protocol: 'HTTP',
    port: one.port,
    targetType: 'instance',
    healthCheckPath: check.path,
    healthCheckIntervalSeconds: check.intervalSeconds,
    healthCheckTimeoutSeconds: check.timeoutSeconds,
    healthyThresholdCount: check.healthyThreshold,
    unhealthyThresholdCount: check.unhealthyThreshold,
    targetGroupAttributes: Object.entries(one.attributes).map(([key, value]) => ({ key, value })),
  });
}
