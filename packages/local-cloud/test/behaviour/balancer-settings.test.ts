import {
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  type CreateLoadBalancerCommandInput,
  CreateTargetGroupCommand,
  DescribeListenerCertificatesCommand,
  DescribeLoadBalancerAttributesCommand,
  DescribeLoadBalancersCommand,
  DescribeSSLPoliciesCommand,
  DescribeTargetGroupAttributesCommand,
  DescribeTargetHealthCommand,
  ModifyLoadBalancerAttributesCommand,
  ModifyTargetGroupAttributesCommand,
  SetIpAddressTypeCommand,
  SetSubnetsCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { describe, expect, it } from 'vitest';
import { account } from '../../src/settings.ts';
import { openWorld, refusal, type World } from './support.ts';

let world: World;
openWorld((opened) => {
  world = opened;
});

const pairs = (values: Record<string, string>) => Object.entries(values).map(([Key, Value]) => ({ Key, Value }));
const subnets = Object.values(account.subnets);

async function attributesOf(LoadBalancerArn: string): Promise<Record<string, string | undefined>> {
  const { Attributes } = await world.elb.send(new DescribeLoadBalancerAttributesCommand({ LoadBalancerArn }));
  return Object.fromEntries((Attributes ?? []).map(({ Key = '', Value }) => [Key, Value]));
}

describe('load balancers', () => {
  it('ELB-BAL-08 have all attributes of application load balancers, with their defaults', async () => {
    const arn = await world.balancer();
    const set = (values: Record<string, string>) =>
      world.elb.send(new ModifyLoadBalancerAttributesCommand({ LoadBalancerArn: arn, Attributes: pairs(values) }));
    const before = await attributesOf(arn);
    expect(before).toMatchObject({
      'connection_logs.s3.enabled': 'false',
      'health_check_logs.s3.enabled': 'false',
      'waf.fail_open.enabled': 'false',
      'zonal_shift.config.enabled': 'false',
      'routing.http.x_amzn_tls_version_and_cipher_suite.enabled': 'false',
      'routing.http.xff_client_port.enabled': 'false',
      'client_keep_alive.seconds': '3600',
    });
    // As Terraform sends it for every load balancer.
    await set({ 'connection_logs.s3.enabled': 'false', 'access_logs.s3.enabled': 'false' });
    await set({ 'zonal_shift.config.enabled': 'true', 'waf.fail_open.enabled': 'true' });
    expect(await attributesOf(arn)).toMatchObject({ 'zonal_shift.config.enabled': 'true' });
    for (const value of ['59', '604801', '9', '1000000'])
      expect(await refusal(set({ 'client_keep_alive.seconds': value }))).toBe('ValidationError');
    for (const value of ['60', '604800']) await set({ 'client_keep_alive.seconds': value });
    expect(await refusal(set({ 'load_balancing.cross_zone.enabled': 'false' }))).toBe('ValidationError');
    expect(await refusal(set({ 'connection_logs.s3.enabled': 'true' }))).toBe('ValidationError');
    await set({ 'connection_logs.s3.enabled': 'true', 'connection_logs.s3.bucket': 'logs' });
    // Of network load balancers.
    expect(await refusal(set({ 'dns_record.client_routing_policy': 'any_availability_zone' }))).toBe('ValidationError');
  });

  it('ELB-BAL-08 block the internet gateway by IPv6 where they are internal', async () => {
    const { LoadBalancers } = await world.elb.send(
      new CreateLoadBalancerCommand({ Name: world.name('inside'), Subnets: subnets, Scheme: 'internal' }),
    );
    const inside = await attributesOf(LoadBalancers?.[0]?.LoadBalancerArn ?? '');
    expect(inside['ipv6.deny_all_igw_traffic']).toBe('true');
    expect((await attributesOf(await world.balancer()))['ipv6.deny_all_igw_traffic']).toBe('false');
  });

  it('ELB-BAL-09 have IPv4 addresses and nothing else', async () => {
    const make = (more: Partial<CreateLoadBalancerCommandInput>) =>
      world.elb.send(new CreateLoadBalancerCommand({ Name: world.name('lb'), Subnets: subnets, ...more }));
    const { LoadBalancers } = await make({ IpAddressType: 'ipv4' });
    const LoadBalancerArn = LoadBalancers?.[0]?.LoadBalancerArn;
    for (const IpAddressType of ['dualstack', 'dualstack-without-public-ipv4'] as const) {
      expect(await refusal(make({ IpAddressType }))).toBe('ValidationError');
      const set = new SetIpAddressTypeCommand({ LoadBalancerArn, IpAddressType });
      expect(await refusal(world.elb.send(set))).toBe('ValidationError');
      const move = new SetSubnetsCommand({ LoadBalancerArn, Subnets: subnets, IpAddressType });
      expect(await refusal(world.elb.send(move))).toBe('ValidationError');
    }
    const same = new SetIpAddressTypeCommand({ LoadBalancerArn, IpAddressType: 'ipv4' });
    expect((await world.elb.send(same)).IpAddressType).toBe('ipv4');
    expect(await refusal(make({ CustomerOwnedIpv4Pool: 'ipv4pool-coip-1' }))).toBe(
      'InvalidConfigurationRequestException',
    );
    const { LoadBalancers: shown } = await world.elb.send(
      new DescribeLoadBalancersCommand({ LoadBalancerArns: [LoadBalancerArn ?? ''] }),
    );
    expect(shown?.[0]?.IpAddressType).toBe('ipv4');
  });
});

describe('target groups', () => {
  it('ELB-TGP-11 route at random by weight, with or without mitigation of anomalies', async () => {
    const TargetGroupArn = await world.targetGroup();
    const set = (values: Record<string, string>) =>
      world.elb.send(new ModifyTargetGroupAttributesCommand({ TargetGroupArn, Attributes: pairs(values) }));
    const algorithm = 'load_balancing.algorithm.type';
    const mitigation = 'load_balancing.algorithm.anomaly_mitigation';
    const { Attributes } = await world.elb.send(new DescribeTargetGroupAttributesCommand({ TargetGroupArn }));
    expect(Attributes).toContainEqual({ Key: mitigation, Value: 'off' });
    expect(await refusal(set({ [mitigation]: 'on' }))).toBe('InvalidConfigurationRequestException');
    await set({ [algorithm]: 'weighted_random', [mitigation]: 'on' });
    expect(await refusal(set({ [algorithm]: 'round_robin' }))).toBe('InvalidConfigurationRequestException');
    expect(await refusal(set({ 'slow_start.duration_seconds': '60' }))).toBe('InvalidConfigurationRequestException');
  });

  it('ELB-TGP-12 are of HTTP/1.1, to instances by IPv4', async () => {
    const make = (more: object) =>
      world.elb.send(
        new CreateTargetGroupCommand({
          ...{ Name: world.name('tg'), Protocol: 'HTTP', Port: 80, VpcId: account.vpcId },
          ...more,
        }),
      );
    for (const more of [
      { ProtocolVersion: 'HTTP2' },
      { ProtocolVersion: 'GRPC' },
      { IpAddressType: 'ipv6' },
      { TargetType: 'ip' },
      { TargetControlPort: 3000 },
    ])
      expect(await refusal(make(more)), JSON.stringify(more)).toBe('ValidationError');
    await make({ ProtocolVersion: 'HTTP1', IpAddressType: 'ipv4', TargetType: 'instance' });
  });

  it('ELB-TGT-05 tell of every id that is not registered that it is not', async () => {
    const TargetGroupArn = await world.targetGroup();
    const { TargetHealthDescriptions } = await world.elb.send(
      new DescribeTargetHealthCommand({ TargetGroupArn, Targets: [{ Id: 'i-0123456789abcdef0' }] }),
    );
    expect(TargetHealthDescriptions).toMatchObject([
      {
        Target: { Id: 'i-0123456789abcdef0', Port: 8080 },
        TargetHealth: { State: 'unused', Reason: 'Target.NotRegistered' },
      },
    ]);
  });
});

describe('listeners', () => {
  it('ELB-LSN-09 have no certificates, and take none', async () => {
    const TargetGroupArn = await world.targetGroup();
    const ListenerArn = await world.listener(TargetGroupArn);
    const { Certificates } = await world.elb.send(new DescribeListenerCertificatesCommand({ ListenerArn }));
    expect(Certificates).toEqual([]);
    const unknown = new DescribeListenerCertificatesCommand({ ListenerArn: `${ListenerArn}0` });
    expect(await refusal(world.elb.send(unknown))).toBe('ListenerNotFoundException');
    const LoadBalancerArn = await world.balancer();
    for (const more of [
      { SslPolicy: 'ELBSecurityPolicy-2016-08' },
      { Certificates: [{ CertificateArn: 'arn:aws:acm:eu-west-1:000000000000:certificate/1' }] },
      { AlpnPolicy: ['HTTP2Optional'] },
      { MutualAuthentication: { Mode: 'passthrough' } },
    ]) {
      const made = new CreateListenerCommand({
        ...{ LoadBalancerArn, Port: 8001, Protocol: 'HTTP', DefaultActions: [{ Type: 'forward', TargetGroupArn }] },
        ...more,
      });
      expect(await refusal(world.elb.send(made)), JSON.stringify(more)).toBe('ValidationError');
    }
  });

  it('ELB-LSN-09 know the predefined policies of TLS', async () => {
    const name = 'ELBSecurityPolicy-TLS13-1-2-2021-06';
    const { SslPolicies } = await world.elb.send(new DescribeSSLPoliciesCommand({ Names: [name] }));
    expect(SslPolicies).toMatchObject([{ Name: name, SslProtocols: ['TLSv1.2', 'TLSv1.3'] }]);
    expect(SslPolicies?.[0]?.Ciphers?.[0]).toEqual({ Name: 'TLS_AES_128_GCM_SHA256', Priority: 1 });
    const all = await world.elb.send(new DescribeSSLPoliciesCommand({ LoadBalancerType: 'application', PageSize: 5 }));
    expect(all.SslPolicies).toHaveLength(5);
    expect(all.NextMarker).toBeDefined();
    const unknown = new DescribeSSLPoliciesCommand({ Names: ['ELBSecurityPolicy-None'] });
    expect(await refusal(world.elb.send(unknown))).toBe('SSLPolicyNotFoundException');
  });
});
