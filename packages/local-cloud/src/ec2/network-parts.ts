import type * as sdk from '@aws-sdk/client-ec2';
import type { CloudContext } from '../context.ts';
import { derivedId } from '../ids.ts';
import { defaultVpc, subnetsOf, type Vpc, vpcsOf } from '../network.ts';
import { account } from '../settings.ts';
import { CloudError, type HandlerTable } from '../wire/handler.ts';
import { doNotExist } from './errors.ts';
import { applyFilters, type Fields, shownFields, withoutValue } from './filters.ts';
import { paginate } from './pagination.ts';

const limits = { min: 5, max: 1000 };

/** The options of all VPCs: what EC2 gives to a region that says nothing else. */
export function dhcpOptionsId(regionName: string): string {
  return derivedId('dopt', regionName);
}

/**
 * What comes with VPCs by itself, to read only: it follows from the VPCs, routes nothing and cannot be changed. Addresses and NAT
 * gateways there are none.
 */
export function networkPartHandlers(context: CloudContext): HandlerTable {
  const { region } = context;
  const vpcs = () => vpcsOf(context);
  const dhcpId = dhcpOptionsId(region.name);
  const gatewayOf = (vpc: Vpc) => derivedId('igw', vpc.id);
  const none = (ids: string[] | undefined, code: string, what: string): void => {
    if (ids?.length) throw new CloudError(code, doNotExist(what, ids));
  };
  return {
    DescribeRouteTables: (input: sdk.DescribeRouteTablesRequest): sdk.DescribeRouteTablesResult => {
      const tables = vpcs().map((vpc) => routeTable(vpc, vpc.isDefault ? gatewayOf(vpc) : undefined));
      const asked = named(
        tables,
        input.RouteTableIds,
        (one) => one.RouteTableId,
        'InvalidRouteTableID.NotFound',
        'routeTable',
      );
      const kept = applyFilters(asked, input.Filters, routeTableFields, () => ({}));
      const page = paginate(kept, input, limits, (one) => one.RouteTableId ?? '');
      return { RouteTables: page.items, NextToken: page.nextToken };
    },
    DescribeInternetGateways: (input: sdk.DescribeInternetGatewaysRequest): sdk.DescribeInternetGatewaysResult => {
      const vpc = defaultVpc(context);
      const all = vpc ? [internetGateway(gatewayOf(vpc), vpc.id)] : [];
      const code = 'InvalidInternetGatewayID.NotFound';
      const asked = named(all, input.InternetGatewayIds, (one) => one.InternetGatewayId, code, 'internetGateway');
      const fields: Fields<sdk.InternetGateway> = {
        'internet-gateway-id': (one) => one.InternetGatewayId,
        'attachment.vpc-id': (one) => one.Attachments?.map(({ VpcId }) => VpcId),
        'attachment.state': () => 'available',
        'owner-id': () => account.id,
      };
      const kept = applyFilters(asked, input.Filters, fields, () => ({}));
      const page = paginate(kept, input, limits, (one) => one.InternetGatewayId ?? '');
      return { InternetGateways: page.items, NextToken: page.nextToken };
    },
    DescribeNetworkAcls: (input: sdk.DescribeNetworkAclsRequest): sdk.DescribeNetworkAclsResult => {
      const all = vpcs().map((vpc) =>
        networkAcl(
          vpc.id,
          subnetsOf(context).filter((one) => one.vpcId === vpc.id),
        ),
      );
      const code = 'InvalidNetworkAclID.NotFound';
      const asked = named(all, input.NetworkAclIds, (one) => one.NetworkAclId, code, 'networkAcl');
      const kept = applyFilters(asked, input.Filters, networkAclFields, () => ({}));
      const page = paginate(kept, input, limits, (one) => one.NetworkAclId ?? '');
      return { NetworkAcls: page.items, NextToken: page.nextToken };
    },
    DescribeDhcpOptions: (input: sdk.DescribeDhcpOptionsRequest): sdk.DescribeDhcpOptionsResult => {
      const domain = region.name === 'us-east-1' ? 'ec2.internal' : `${region.name}.compute.internal`;
      const options: sdk.DhcpOptions = {
        DhcpOptionsId: dhcpId,
        OwnerId: account.id,
        DhcpConfigurations: [
          { Key: 'domain-name', Values: [{ Value: domain }] },
          { Key: 'domain-name-servers', Values: [{ Value: 'AmazonProvidedDNS' }] },
        ],
        Tags: [],
      };
      const code = 'InvalidDhcpOptionID.NotFound';
      const asked = named([options], input.DhcpOptionsIds, (one) => one.DhcpOptionsId, code, 'dhcpOption');
      const fields: Fields<sdk.DhcpOptions> = {
        'dhcp-options-id': (one) => one.DhcpOptionsId,
        key: (one) => one.DhcpConfigurations?.map(({ Key }) => Key),
        value: (one) => one.DhcpConfigurations?.flatMap(({ Values }) => (Values ?? []).map(({ Value }) => Value)),
        'owner-id': () => account.id,
      };
      const kept = applyFilters(asked, input.Filters, fields, () => ({}));
      const page = paginate(kept, input, limits, (one) => one.DhcpOptionsId ?? '');
      return { DhcpOptions: page.items, NextToken: page.nextToken };
    },
    DescribeVpcClassicLink: (input: sdk.DescribeVpcClassicLinkRequest): sdk.DescribeVpcClassicLinkResult => {
      const asked = named(vpcs(), input.VpcIds, (one) => one.id, 'InvalidVpcID.NotFound', 'vpc');
      const kept = applyFilters(asked, input.Filters, { 'is-classic-link-enabled': () => 'false' }, () => ({}));
      return { Vpcs: kept.map(({ id }) => ({ VpcId: id, ClassicLinkEnabled: false, Tags: [] })) };
    },
    DescribeVpcClassicLinkDnsSupport: (
      input: sdk.DescribeVpcClassicLinkDnsSupportRequest,
    ): sdk.DescribeVpcClassicLinkDnsSupportResult => {
      const asked = named(vpcs(), input.VpcIds, (one) => one.id, 'InvalidVpcID.NotFound', 'vpc');
      const page = paginate(asked, input, { min: 1, max: 1000 }, (one) => one.id);
      return {
        Vpcs: page.items.map(({ id }) => ({ VpcId: id, ClassicLinkDnsSupported: false })),
        NextToken: page.nextToken,
      };
    },
    DescribeAddresses: (input: sdk.DescribeAddressesRequest): sdk.DescribeAddressesResult => {
      none(input.AllocationIds, 'InvalidAllocationID.NotFound', 'allocation');
      const [address] = input.PublicIps ?? [];
      if (address) throw new CloudError('InvalidAddress.NotFound', `Address '${address}' not found.`);
      return { Addresses: [] };
    },
    DescribeNatGateways: (input: sdk.DescribeNatGatewaysRequest): sdk.DescribeNatGatewaysResult => {
      none(input.NatGatewayIds, 'NatGatewayNotFound', 'NatGateway');
      return { NatGateways: [] };
    },
  };
}

function routeTable(vpc: Vpc, gateway: string | undefined): sdk.RouteTable {
  const id = derivedId('rtb', vpc.id);
  const state = { State: 'active' as const };
  const local = { DestinationCidrBlock: vpc.cidr, GatewayId: 'local', Origin: 'CreateRouteTable' as const, ...state };
  const out = { DestinationCidrBlock: '0.0.0.0/0', GatewayId: gateway, Origin: 'CreateRoute' as const, ...state };
  return {
    RouteTableId: id,
    VpcId: vpc.id,
    OwnerId: account.id,
    Routes: gateway ? [local, out] : [local],
    Associations: [
      {
        ...{ Main: true, RouteTableAssociationId: derivedId('rtbassoc', vpc.id), RouteTableId: id },
        AssociationState: { State: 'associated' },
      },
    ],
    PropagatingVgws: [],
    Tags: [],
  };
}

const routeTableFields: Fields<sdk.RouteTable> = {
  'route-table-id': (one) => one.RouteTableId,
  'vpc-id': (one) => one.VpcId,
  'owner-id': () => account.id,
  'association.main': () => 'true',
  'association.route-table-association-id': (one) => one.Associations?.map((it) => it.RouteTableAssociationId),
  'association.route-table-id': (one) => one.RouteTableId,
  // The main table is that of every subnet without saying so: no association names one.
  'association.subnet-id': () => undefined,
  'association.gateway-id': () => undefined,
  'route.destination-cidr-block': (one) => one.Routes?.map((it) => it.DestinationCidrBlock),
  'route.gateway-id': (one) => one.Routes?.map((it) => it.GatewayId),
  'route.origin': (one) => one.Routes?.map((it) => it.Origin),
  'route.state': () => 'active',
  ...withoutValue(`
    route.destination-ipv6-cidr-block route.destination-prefix-list-id route.egress-only-internet-gateway-id
    route.instance-id route.nat-gateway-id route.transit-gateway-id route.vpc-peering-connection-id
  `),
};

function internetGateway(id: string, vpcId: string): sdk.InternetGateway {
  // AWS says `available` of an attached gateway, which the SDK's own list of states has not.
  const Attachments = [{ VpcId: vpcId, State: 'available' as sdk.AttachmentStatus }];
  return { InternetGatewayId: id, OwnerId: account.id, Attachments, Tags: [] };
}

function networkAcl(vpcId: string, subnets: { id: string }[]): sdk.NetworkAcl {
  const id = derivedId('acl', vpcId);
  const entry = (Egress: boolean, RuleNumber: number, RuleAction: sdk.RuleAction): sdk.NetworkAclEntry => ({
    ...{ CidrBlock: '0.0.0.0/0', Egress, Protocol: '-1', RuleAction, RuleNumber },
  });
  return {
    NetworkAclId: id,
    VpcId: vpcId,
    OwnerId: account.id,
    IsDefault: true,
    Associations: subnets.map((subnet) => ({
      NetworkAclAssociationId: derivedId('aclassoc', subnet.id),
      NetworkAclId: id,
      SubnetId: subnet.id,
    })),
    Entries: [true, false].flatMap((egress) => [entry(egress, 100, 'allow'), entry(egress, 32_767, 'deny')]),
    Tags: [],
  };
}

const networkAclFields: Fields<sdk.NetworkAcl> = {
  'network-acl-id': (one) => one.NetworkAclId,
  'vpc-id': (one) => one.VpcId,
  'owner-id': () => account.id,
  default: () => 'true',
  'association.association-id': (one) => one.Associations?.map((it) => it.NetworkAclAssociationId),
  'association.network-acl-id': (one) => one.NetworkAclId,
  'association.subnet-id': (one) => one.Associations?.map((it) => it.SubnetId),
  'entry.cidr': () => '0.0.0.0/0',
  ...shownFields<sdk.NetworkAcl>(
    'entry.egress entry.protocol entry.rule-action entry.rule-number',
    ({ Entries = [] }) => ({
      entry: Entries,
    }),
  ),
  ...withoutValue('entry.icmp.code entry.icmp.type entry.ipv6-cidr entry.port-range.from entry.port-range.to'),
};

/** Those with these ids, or all. @throws CloudError of that code for ids that nothing has */
function named<T>(
  all: T[],
  ids: string[] | undefined,
  idOf: (one: T) => string | undefined,
  code: string,
  what: string,
): T[] {
  if (!ids?.length) return all;
  const unknown = ids.filter((id) => !all.some((one) => idOf(one) === id));
  if (unknown.length > 0) throw new CloudError(code, doNotExist(what, unknown));
  return all.filter((one) => ids.includes(idOf(one) ?? ''));
}
