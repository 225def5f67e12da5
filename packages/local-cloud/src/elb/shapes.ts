import type { Listener, LoadBalancer, Rule, TargetGroup } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { ListenerRecord, LoadBalancerRecord, RuleRecord, TargetGroupRecord } from '../model.ts';
import { findSubnet, type NetworkContext } from '../network.ts';
import { defaultRuleArn } from './arns.ts';

/** Records in the SDK's shapes. */
export function showLoadBalancer(network: NetworkContext, record: LoadBalancerRecord): LoadBalancer {
  const subnets = record.subnetIds.flatMap((id) => findSubnet(network, id) ?? []);
  return {
    LoadBalancerArn: record.arn,
    DNSName: record.dnsName,
    CanonicalHostedZoneId: 'Z32O12XQLNTSW2',
    CreatedTime: new Date(record.createdAt),
    LoadBalancerName: record.name,
    Scheme: record.scheme as LoadBalancer['Scheme'],
    VpcId: record.vpcId,
    State: { Code: record.state },
    Type: record.type as LoadBalancer['Type'],
    AvailabilityZones: subnets
      .map(({ id, zone }) => ({ ZoneName: zone, SubnetId: id, LoadBalancerAddresses: [] }))
      .sort((a, b) => (a.ZoneName < b.ZoneName ? -1 : 1)),
    SecurityGroups: record.securityGroupIds,
    IpAddressType: 'ipv4',
  };
}

export function showTargetGroup(record: TargetGroupRecord, balancers: Iterable<string>): TargetGroup {
  const check = record.healthCheck;
  return {
    TargetGroupArn: record.arn,
    TargetGroupName: record.name,
    Protocol: 'HTTP',
    ProtocolVersion: 'HTTP1',
    Port: record.port,
    VpcId: record.vpcId,
    HealthCheckProtocol: 'HTTP',
    HealthCheckPort: check.port,
    HealthCheckEnabled: true,
    HealthCheckIntervalSeconds: check.intervalSeconds,
    HealthCheckTimeoutSeconds: check.timeoutSeconds,
    HealthyThresholdCount: check.healthyThreshold,
    UnhealthyThresholdCount: check.unhealthyThreshold,
    HealthCheckPath: check.path,
    Matcher: { HttpCode: check.matcher },
    LoadBalancerArns: [...balancers],
    TargetType: 'instance',
    IpAddressType: 'ipv4',
  };
}

export function showListener(record: ListenerRecord): Listener {
  const { arn: ListenerArn, loadBalancerArn: LoadBalancerArn, port: Port } = record;
  return {
    ListenerArn,
    LoadBalancerArn,
    Port,
    Protocol: 'HTTP',
    DefaultActions: record.defaultActions as unknown as Listener['DefaultActions'],
  };
}

export function showRule(record: RuleRecord): Rule {
  return {
    RuleArn: record.arn,
    Priority: String(record.priority),
    Conditions: record.conditions as Rule['Conditions'],
    Actions: record.actions as unknown as Rule['Actions'],
    IsDefault: false,
  };
}

/** The rule that every listener ends with. */
export function showDefaultRule(listener: ListenerRecord): Rule {
  const Actions = listener.defaultActions as unknown as Rule['Actions'];
  return { RuleArn: defaultRuleArn(listener.arn), Priority: 'default', Conditions: [], Actions, IsDefault: true };
}
