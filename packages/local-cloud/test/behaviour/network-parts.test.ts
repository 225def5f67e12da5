import {
  CreateSubnetCommand,
  CreateVpcCommand,
  DescribeAddressesCommand,
  DescribeDhcpOptionsCommand,
  DescribeInternetGatewaysCommand,
  DescribeNatGatewaysCommand,
  DescribeNetworkAclsCommand,
  DescribeRouteTablesCommand,
  DescribeSubnetsCommand,
  DescribeVpcAttributeCommand,
  DescribeVpcClassicLinkCommand,
  DescribeVpcClassicLinkDnsSupportCommand,
  DescribeVpcsCommand,
  ModifyVpcAttributeCommand,
  type VpcAttributeName,
} from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { account } from '../../src/settings.ts';
import { openWorld, refusal, type World } from './support.ts';

let world: World;
openWorld((opened) => {
  world = opened;
});

const vpc = async (more: object = {}) =>
  (await world.ec2.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16', ...more }))).Vpc?.VpcId ?? '';
const of = (VpcId: string) => [{ Name: 'vpc-id', Values: [VpcId] }];

describe('VPCs', () => {
  it('EC2-NET-09 that are made name no hosts until that is turned on, unlike the default one', async () => {
    const VpcId = await vpc();
    const read = async (id: string, Attribute: VpcAttributeName) =>
      world.ec2.send(new DescribeVpcAttributeCommand({ VpcId: id, Attribute }));
    expect((await read(VpcId, 'enableDnsHostnames')).EnableDnsHostnames?.Value).toBe(false);
    expect((await read(VpcId, 'enableDnsSupport')).EnableDnsSupport?.Value).toBe(true);
    expect((await read(account.vpcId, 'enableDnsHostnames')).EnableDnsHostnames?.Value).toBe(true);
    const modify = (more: object) => world.ec2.send(new ModifyVpcAttributeCommand({ VpcId, ...more }));
    await modify({ EnableDnsHostnames: { Value: true } });
    expect((await read(VpcId, 'enableDnsHostnames')).EnableDnsHostnames?.Value).toBe(true);
    const both = { EnableDnsHostnames: { Value: true }, EnableDnsSupport: { Value: true } };
    expect(await refusal(modify(both))).toBe('InvalidParameterCombination');
    expect(await refusal(modify({}))).toBe('InvalidParameterCombination');
  });

  it('EC2-NET-10 and subnets have blocks of IPv4 alone, and say so', async () => {
    for (const more of [{ AmazonProvidedIpv6CidrBlock: true }, { Ipv4IpamPoolId: 'ipam-pool-1' }])
      expect(await refusal(vpc(more))).toBe('UnsupportedOperation');
    const VpcId = await vpc();
    const subnet = (more: object) =>
      world.ec2.send(new CreateSubnetCommand({ VpcId, CidrBlock: '10.0.1.0/24', ...more }));
    expect(await refusal(subnet({ Ipv6CidrBlock: '2001:db8::/64' }))).toBe('UnsupportedOperation');
    const { Subnet } = await subnet({});
    expect(Subnet).toMatchObject({
      AssignIpv6AddressOnCreation: false,
      Ipv6CidrBlockAssociationSet: [],
      MapPublicIpOnLaunch: false,
      EnableDns64: false,
      PrivateDnsNameOptionsOnLaunch: { HostnameType: 'ip-name' },
    });
    const { Subnets } = await world.ec2.send(
      new DescribeSubnetsCommand({ Filters: [...of(VpcId), { Name: 'cidr', Values: ['10.0.1.0/24'] }] }),
    );
    expect(Subnets?.map(({ SubnetId }) => SubnetId)).toEqual([Subnet?.SubnetId]);
    const { Vpcs } = await world.ec2.send(new DescribeVpcsCommand({ VpcIds: [VpcId] }));
    expect(Vpcs?.[0]).toMatchObject({
      CidrBlockAssociationSet: [{ CidrBlock: '10.0.0.0/16', CidrBlockState: { State: 'associated' } }],
      DhcpOptionsId: expect.stringMatching(/^dopt-/),
    });
  });

  it('EC2-NET-11 come with a route table, an ACL and DHCP options, the default one with an internet gateway', async () => {
    const VpcId = await vpc();
    const { RouteTables } = await world.ec2.send(new DescribeRouteTablesCommand({ Filters: of(VpcId) }));
    expect(RouteTables).toMatchObject([
      { VpcId, Routes: [{ DestinationCidrBlock: '10.0.0.0/16', GatewayId: 'local' }], Associations: [{ Main: true }] },
    ]);
    const gateways = await world.ec2.send(
      new DescribeInternetGatewaysCommand({ Filters: [{ Name: 'attachment.vpc-id', Values: [account.vpcId] }] }),
    );
    const [gateway] = gateways.InternetGateways ?? [];
    expect(gateway?.Attachments?.[0]?.VpcId).toBe(account.vpcId);
    const main = await world.ec2.send(new DescribeRouteTablesCommand({ Filters: of(account.vpcId) }));
    expect(main.RouteTables?.[0]?.Routes?.map(({ GatewayId }) => GatewayId)).toEqual([
      'local',
      gateway?.InternetGatewayId,
    ]);
    const { NetworkAcls } = await world.ec2.send(new DescribeNetworkAclsCommand({ Filters: of(account.vpcId) }));
    expect(NetworkAcls?.[0]?.Associations?.map(({ SubnetId }) => SubnetId).sort()).toEqual(
      Object.values(account.subnets).sort(),
    );
    expect(NetworkAcls?.[0]?.Entries).toHaveLength(4);
    const { DhcpOptions } = await world.ec2.send(new DescribeDhcpOptionsCommand({}));
    expect(DhcpOptions?.[0]?.DhcpConfigurations).toContainEqual({
      Key: 'domain-name',
      Values: [{ Value: 'eu-west-1.compute.internal' }],
    });
    const { Vpcs } = await world.ec2.send(new DescribeVpcClassicLinkCommand({ VpcIds: [VpcId] }));
    expect(Vpcs).toMatchObject([{ VpcId, ClassicLinkEnabled: false }]);
    const dns = await world.ec2.send(new DescribeVpcClassicLinkDnsSupportCommand({ VpcIds: [VpcId] }));
    expect(dns.Vpcs).toEqual([{ VpcId, ClassicLinkDnsSupported: false }]);
    const unknown = new DescribeRouteTablesCommand({ RouteTableIds: ['rtb-0123456789abcdef0'] });
    expect(await refusal(world.ec2.send(unknown))).toBe('InvalidRouteTableID.NotFound');
  });

  it('EC2-NET-12 have no addresses of the account’s own and no NAT gateways', async () => {
    expect((await world.ec2.send(new DescribeAddressesCommand({}))).Addresses).toEqual([]);
    const address = new DescribeAddressesCommand({ PublicIps: ['203.0.113.7'] });
    expect(await refusal(world.ec2.send(address))).toBe('InvalidAddress.NotFound');
    expect((await world.ec2.send(new DescribeNatGatewaysCommand({}))).NatGateways).toEqual([]);
  });
});
