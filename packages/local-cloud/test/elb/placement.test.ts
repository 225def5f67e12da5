import { beforeEach, expect, it } from 'vitest';
import { quotaCodes } from '../../src/quotas/known.ts';
import { account } from '../../src/settings.ts';
import { subnets, type TestCloud, testCloud } from './support/cloud.ts';

const none = 'arn:aws:elasticloadbalancing:eu-west-1:000000000000:loadbalancer/app/none/0';

let cloud: TestCloud;
let arn: string;
beforeEach(async () => {
  cloud = testCloud();
  arn = (await cloud.call('CreateLoadBalancer', { Name: 'lb', Subnets: subnets.slice(0, 2) })).LoadBalancers[0]
    .LoadBalancerArn;
  await cloud.clock.advance(cloud.context.delays.balancerProvisioning);
});
const refused = (operation: string, input: Record<string, unknown>, code: string) =>
  expect(cloud.call(operation, { LoadBalancerArn: arn, ...input })).rejects.toMatchObject({ name: 'CloudError', code });
const balancer = async () => (await cloud.call('DescribeLoadBalancers', { LoadBalancerArns: [arn] })).LoadBalancers[0];
const [a = '', b = '', c = ''] = subnets;

it('moves a load balancer to other subnets, one in each zone', async () => {
  const { AvailabilityZones, IpAddressType } = await cloud.call('SetSubnets', {
    LoadBalancerArn: arn,
    SubnetMappings: [{ SubnetId: b }, { SubnetId: c }],
  });
  expect(AvailabilityZones).toEqual([
    { ZoneName: 'eu-west-1b', SubnetId: b, LoadBalancerAddresses: [] },
    { ZoneName: 'eu-west-1c', SubnetId: c, LoadBalancerAddresses: [] },
  ]);
  expect(IpAddressType).toBe('ipv4');
  expect((await balancer()).AvailabilityZones).toEqual(AvailabilityZones);
});

it('refuses subnets that do not do', async () => {
  await refused('SetSubnets', {}, 'ValidationError');
  await refused('SetSubnets', { Subnets: [a] }, 'ValidationError');
  await refused('SetSubnets', { Subnets: [a, 'subnet-1'] }, 'SubnetNotFound');
  await refused('SetSubnets', { Subnets: [a, b, b] }, 'InvalidConfigurationRequest');
  await refused('SetSubnets', { Subnets: [a, b], SubnetMappings: [{ SubnetId: c }] }, 'ValidationError');
  const mapped = [{ SubnetId: a, AllocationId: 'eipalloc-1' }, { SubnetId: b }];
  await refused('SetSubnets', { SubnetMappings: mapped }, 'InvalidConfigurationRequest');
  await refused('SetSubnets', { LoadBalancerArn: none, Subnets: [a, b] }, 'LoadBalancerNotFound');
  expect((await balancer()).AvailabilityZones).toHaveLength(2);
});

it('spreads reserved capacity anew when the zones change', async () => {
  cloud.context.state.quotas = { [quotaCodes.unitsOfRegion]: 300 };
  const set = (...Subnets: string[]) => cloud.call('SetSubnets', { LoadBalancerArn: arn, Subnets });
  const zones = async () =>
    (await cloud.call('DescribeCapacityReservation', { LoadBalancerArn: arn })).CapacityReservationState.map(
      (one: { State: { Code: string }; EffectiveCapacityUnits: number }) => [
        one.State.Code,
        one.EffectiveCapacityUnits,
      ],
    );
  await cloud.call('ModifyCapacityReservation', {
    ...{ LoadBalancerArn: arn, MinimumLoadBalancerCapacity: { CapacityUnits: 300 } },
  });
  await refused('SetSubnets', { Subnets: [a, b, c] }, 'CapacityReservationPending');
  await cloud.clock.advance(cloud.context.delays.capacityProvisioning);
  await set(b, a);
  expect(await zones()).toEqual(Array.from({ length: 2 }, () => ['provisioned', 150]));
  await set(a, b, c);
  expect(await zones()).toEqual(Array.from({ length: 3 }, () => ['rebalancing', 100]));
  await refused('ModifyCapacityReservation', { ResetCapacityReservation: true }, 'CapacityReservationPending');
  await cloud.clock.advance(cloud.context.delays.capacityProvisioning);
  expect(await zones()).toEqual(Array.from({ length: 3 }, () => ['provisioned', 100]));
});

it('puts a load balancer into other security groups', async () => {
  const own = { id: 'sg-1', name: 'web', description: 'web', vpcId: account.vpcId, ingress: [], egress: [], tags: {} };
  cloud.context.state.securityGroups['sg-1'] = own;
  const set = (SecurityGroups: string[]) => cloud.call('SetSecurityGroups', { LoadBalancerArn: arn, SecurityGroups });
  expect(await set(['sg-1', 'sg-1'])).toEqual({ SecurityGroupIds: ['sg-1'] });
  expect((await balancer()).SecurityGroups).toEqual(['sg-1']);
  await refused('SetSecurityGroups', { SecurityGroups: ['sg-1', 'sg-2'] }, 'InvalidSecurityGroup');
  await refused('SetSecurityGroups', { SecurityGroups: ['constructor'] }, 'InvalidSecurityGroup');
  await refused('SetSecurityGroups', { SecurityGroups: [] }, 'ValidationError');
  await refused('SetSecurityGroups', { LoadBalancerArn: none, SecurityGroups: ['sg-1'] }, 'LoadBalancerNotFound');
  const link = { SecurityGroups: ['sg-1'], EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic: 'on' };
  await refused('SetSecurityGroups', link, 'InvalidConfigurationRequest');
  expect((await balancer()).SecurityGroups).toEqual(['sg-1']);
});
