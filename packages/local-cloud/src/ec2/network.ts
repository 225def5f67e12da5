import type {
  DescribeSubnetsRequest,
  DescribeSubnetsResult,
  DescribeVpcAttributeRequest,
  DescribeVpcAttributeResult,
  DescribeVpcsRequest,
  DescribeVpcsResult,
  ModifyVpcAttributeRequest,
  Subnet,
  Vpc,
} from '@aws-sdk/client-ec2';
import { readBlock } from '@golden-pipeline/shared/cidr';
import type { CloudContext } from '../context.ts';
import { derivedId } from '../ids.ts';
import { findVpc, type Subnet as OneSubnet, type Vpc as OneVpc, subnetsOf, vpcsOf } from '../network.ts';
import { account } from '../settings.ts';
import { CloudError, type HandlerTable } from '../wire/handler.ts';
import { doNotExist, invalidCombination, invalidValue, required } from './errors.ts';
import { applyFilters, type Fields, shownFields, withoutValue } from './filters.ts';
import { dhcpOptionsId } from './network-parts.ts';
import { paginate } from './pagination.ts';
import { tagsIfAny } from './tag-shapes.ts';
import { networkTags } from './tags.ts';

/** Filters that look at what is shown of a subnet. */
const subnetFilters = `
  map-customer-owned-ip-on-launch private-dns-name-options-on-launch.enable-resource-name-dns-a-record
  private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record
  private-dns-name-options-on-launch.hostname-type
`;

/** VPCs and subnets as they are; vpcs.ts makes and deletes them. */
export function networkHandlers(context: CloudContext): HandlerTable {
  const { state, region } = context;
  /** A page of those that pass the request's filters; they may ask for tags as well. */
  const pageOf = <T extends { id: string }>(
    rows: T[],
    input: DescribeVpcsRequest | DescribeSubnetsRequest,
    filters: Fields<T>,
  ) => {
    const kept = applyFilters(rows, input.Filters, filters, (one) => networkTags(state, one.id));
    return paginate(kept, input, { min: 5, max: 1000 }, (one) => one.id);
  };
  return {
    DescribeVpcs: (input: DescribeVpcsRequest): DescribeVpcsResult => {
      const asked = named(vpcsOf(context), input.VpcIds, 'InvalidVpcID.NotFound', 'vpc');
      const page = pageOf(asked, input, {
        'vpc-id': (one) => one.id,
        state: () => 'available',
        cidr: (one) => one.cidr,
        'cidr-block-association.cidr-block': (one) => one.cidr,
        'cidr-block-association.association-id': (one) => derivedId('vpc-cidr-assoc', one.id),
        'cidr-block-association.state': () => 'associated',
        'dhcp-options-id': () => dhcpOptionsId(region.name),
        'ipv6-cidr-block-association.ipv6-cidr-block': () => undefined,
        'ipv6-cidr-block-association.association-id': () => undefined,
        'ipv6-cidr-block-association.state': () => undefined,
        'ipv6-cidr-block-association.ipv6-pool': () => undefined,
        'is-default': (one) => String(one.isDefault),
        isDefault: (one) => String(one.isDefault),
        'owner-id': () => account.id,
      });
      return { Vpcs: page.items.map((one) => toVpc(context, one)), NextToken: page.nextToken };
    },
    DescribeVpcAttribute: (input: DescribeVpcAttributeRequest): DescribeVpcAttributeResult => {
      const VpcId = required(input.VpcId, 'VpcId');
      const { isDefault } = requireVpc(context, VpcId);
      const set = state.vpcAttributes?.[VpcId] ?? {};
      const attribute: string = required(input.Attribute, 'Attribute');
      if (attribute === 'enableDnsSupport') return { VpcId, EnableDnsSupport: { Value: set.enableDnsSupport ?? true } };
      // As in EC2: on in the default VPC, off in one that was made.
      if (attribute === 'enableDnsHostnames') {
        return { VpcId, EnableDnsHostnames: { Value: set.enableDnsHostnames ?? isDefault } };
      }
      if (attribute === 'enableNetworkAddressUsageMetrics') {
        return { VpcId, EnableNetworkAddressUsageMetrics: { Value: set.enableNetworkAddressUsageMetrics ?? false } };
      }
      throw invalidValue(`Value (${attribute}) for parameter attribute is invalid. Unknown attribute.`);
    },
    /** One attribute a call. They are kept and shown: there is no DNS here. */
    ModifyVpcAttribute: (input: ModifyVpcAttributeRequest): void => {
      const { id } = requireVpc(context, required(input.VpcId, 'VpcId'));
      const changes = {
        enableDnsSupport: input.EnableDnsSupport?.Value,
        enableDnsHostnames: input.EnableDnsHostnames?.Value,
        enableNetworkAddressUsageMetrics: input.EnableNetworkAddressUsageMetrics?.Value,
      };
      const asked = Object.entries(changes).filter(([, value]) => value !== undefined);
      if (asked.length > 1) throw invalidCombination('Fields for multiple attribute types specified');
      if (asked.length === 0) throw invalidCombination('No attributes specified.');
      const before = state.vpcAttributes?.[id];
      state.vpcAttributes = { ...state.vpcAttributes, [id]: { ...before, ...Object.fromEntries(asked) } };
      context.changed();
    },
    DescribeSubnets: (input: DescribeSubnetsRequest): DescribeSubnetsResult => {
      const asked = named(subnetsOf(context), input.SubnetIds, 'InvalidSubnetID.NotFound', 'subnet');
      const page = pageOf(asked, input, {
        'subnet-id': (one) => one.id,
        'vpc-id': (one) => one.vpcId,
        state: () => 'available',
        'availability-zone': (one) => one.zone,
        availabilityZone: (one) => one.zone,
        'availability-zone-id': (one) => region.zoneIds[one.zone],
        availabilityZoneId: (one) => region.zoneIds[one.zone],
        'cidr-block': (one) => one.cidr,
        cidr: (one) => one.cidr,
        cidrBlock: (one) => one.cidr,
        'available-ip-address-count': (one) => String(toSubnet(context, one).AvailableIpAddressCount),
        'subnet-arn': (one) => toSubnet(context, one).SubnetArn,
        'map-public-ip-on-launch': () => 'false',
        'ipv6-native': () => 'false',
        'enable-dns64': () => 'false',
        'ipv6-cidr-block-association.ipv6-cidr-block': () => undefined,
        'ipv6-cidr-block-association.association-id': () => undefined,
        'ipv6-cidr-block-association.state': () => undefined,
        'outpost-arn': () => undefined,
        'default-for-az': (one) => String(one.isDefault),
        ...shownFields(subnetFilters, (one) => toSubnet(context, one)),
        ...withoutValue('customer-owned-ipv4-pool enable-lni-at-device-index'),
        defaultForAz: (one) => String(one.isDefault),
        'owner-id': () => account.id,
      });
      return { Subnets: page.items.map((one) => toSubnet(context, one)), NextToken: page.nextToken };
    },
  };
}

/** @throws CloudError `InvalidVpcID.NotFound` */
export function requireVpc(context: CloudContext, id: string): OneVpc {
  const vpc = findVpc(context, id);
  if (!vpc) throw new CloudError('InvalidVpcID.NotFound', doNotExist('vpc', [id]));
  return vpc;
}

/** A VPC in the SDK's shape. */
export function toVpc({ state, region }: CloudContext, { id, cidr, isDefault }: OneVpc): Vpc {
  return {
    VpcId: id,
    State: 'available',
    CidrBlock: cidr,
    CidrBlockAssociationSet: [
      { AssociationId: derivedId('vpc-cidr-assoc', id), CidrBlock: cidr, CidrBlockState: { State: 'associated' } },
    ],
    Ipv6CidrBlockAssociationSet: [],
    DhcpOptionsId: dhcpOptionsId(region.name),
    BlockPublicAccessStates: { InternetGatewayBlockMode: 'off' },
    IsDefault: isDefault,
    InstanceTenancy: 'default',
    OwnerId: account.id,
    Tags: tagsIfAny(networkTags(state, id)),
  };
}

/** A subnet in the SDK's shape. */
export function toSubnet({ state, region }: CloudContext, one: OneSubnet): Subnet {
  const { id, vpcId, zone, cidr, isDefault } = one;
  const instances = Object.values(state.instances);
  const free = isDefault
    ? 60_000 - instances.length
    : // EC2 keeps five addresses of each subnet.
      (readBlock(cidr)?.size ?? 0) -
      5 -
      instances.filter((it) => it.subnetId === id && it.state !== 'terminated').length;
  return {
    SubnetId: id,
    VpcId: vpcId,
    AvailabilityZone: zone,
    AvailabilityZoneId: region.zoneIds[zone],
    CidrBlock: cidr,
    AvailableIpAddressCount: Math.max(0, free),
    DefaultForAz: isDefault,
    MapPublicIpOnLaunch: false,
    MapCustomerOwnedIpOnLaunch: false,
    AssignIpv6AddressOnCreation: false,
    EnableDns64: false,
    Ipv6Native: false,
    Ipv6CidrBlockAssociationSet: [],
    PrivateDnsNameOptionsOnLaunch: {
      HostnameType: 'ip-name',
      EnableResourceNameDnsARecord: false,
      EnableResourceNameDnsAAAARecord: false,
    },
    BlockPublicAccessStates: { InternetGatewayBlockMode: 'off' },
    State: 'available',
    OwnerId: account.id,
    SubnetArn: `arn:aws:ec2:${region.name}:${account.id}:subnet/${id}`,
    Tags: tagsIfAny(networkTags(state, id)),
  };
}

/** Those with these ids, or all. @throws CloudError of that code for ids that nothing has */
function named<T extends { id: string }>(all: T[], ids: string[] | undefined, code: string, what: string): T[] {
  if (!ids?.length) return all;
  const unknown = ids.filter((id) => !all.some((one) => one.id === id));
  if (unknown.length > 0) throw new CloudError(code, doNotExist(what, unknown));
  return all.filter((one) => ids.includes(one.id));
}
