import type {
  DescribeAccountAttributesRequest,
  DescribeAccountAttributesResult,
  DescribeAvailabilityZonesRequest,
  DescribeAvailabilityZonesResult,
  DescribeRegionsRequest,
  DescribeRegionsResult,
  DescribeSubnetsRequest,
  DescribeSubnetsResult,
  DescribeVpcAttributeRequest,
  DescribeVpcAttributeResult,
  DescribeVpcsRequest,
  DescribeVpcsResult,
  Subnet,
} from '@aws-sdk/client-ec2';
import type { CloudContext } from '../context.ts';
import { findRegion, regionNames } from '../regions.ts';
import { account } from '../settings.ts';
import { CloudError, type HandlerTable } from '../wire/handler.ts';
import { doNotExist, invalidValue, required } from './errors.ts';
import { applyFilters } from './filters.ts';
import { paginate } from './pagination.ts';
import { tagList } from './tag-shapes.ts';
import { networkTags } from './tags.ts';

/** The fixed network's blocks: addresses of machines are loopback ones. */
const vpcBlock = '127.0.0.0/8';

/** VPC, subnets, zones and regions: fixed, only their tags can change. */
export function networkHandlers(context: CloudContext): HandlerTable {
  const { state, region } = context;
  const subnets = (): Subnet[] =>
    region.zones.map((zone) => ({
      SubnetId: region.subnets[zone],
      VpcId: region.vpcId,
      AvailabilityZone: zone,
      AvailabilityZoneId: region.zoneIds[zone],
      CidrBlock: vpcBlock,
      AvailableIpAddressCount: Math.max(0, 60_000 - Object.keys(state.instances).length),
      DefaultForAz: true,
      MapPublicIpOnLaunch: false,
      State: 'available',
      OwnerId: account.id,
      SubnetArn: `arn:aws:ec2:${region.name}:${account.id}:subnet/${region.subnets[zone]}`,
      Tags: tagList(networkTags(state, region.subnets[zone] ?? '')),
    }));
  return {
    DescribeVpcs: (input: DescribeVpcsRequest): DescribeVpcsResult => {
      checkIds(input.VpcIds, [region.vpcId], 'InvalidVpcID.NotFound', 'vpc');
      const vpc = {
        VpcId: region.vpcId,
        State: 'available' as const,
        CidrBlock: vpcBlock,
        IsDefault: true,
        InstanceTenancy: 'default' as const,
        OwnerId: account.id,
        Tags: tagList(networkTags(state, region.vpcId)),
      };
      const kept = applyFilters(
        [vpc],
        input.Filters,
        {
          'vpc-id': (one) => one.VpcId,
          state: (one) => one.State,
          cidr: (one) => one.CidrBlock,
          'is-default': (one) => String(one.IsDefault),
          isDefault: (one) => String(one.IsDefault),
          'owner-id': (one) => one.OwnerId,
        },
        () => networkTags(state, region.vpcId),
      );
      const page = paginate(kept, input, { min: 5, max: 1000 }, (one) => one.VpcId);
      return { Vpcs: page.items, NextToken: page.nextToken };
    },
    DescribeVpcAttribute: (input: DescribeVpcAttributeRequest): DescribeVpcAttributeResult => {
      const VpcId = required(input.VpcId, 'VpcId');
      checkIds([VpcId], [region.vpcId], 'InvalidVpcID.NotFound', 'vpc');
      const attribute: string = required(input.Attribute, 'Attribute');
      if (attribute === 'enableDnsSupport') return { VpcId, EnableDnsSupport: { Value: true } };
      if (attribute === 'enableDnsHostnames') return { VpcId, EnableDnsHostnames: { Value: true } };
      if (attribute === 'enableNetworkAddressUsageMetrics') {
        return { VpcId, EnableNetworkAddressUsageMetrics: { Value: false } };
      }
      throw invalidValue(`Value (${attribute}) for parameter attribute is invalid. Unknown attribute.`);
    },
    DescribeSubnets: (input: DescribeSubnetsRequest): DescribeSubnetsResult => {
      checkIds(input.SubnetIds, Object.values(region.subnets), 'InvalidSubnetID.NotFound', 'subnet');
      const asked = subnets().filter((one) => !input.SubnetIds?.length || input.SubnetIds.includes(one.SubnetId ?? ''));
      const kept = applyFilters(
        asked,
        input.Filters,
        {
          'subnet-id': (one) => one.SubnetId,
          'vpc-id': (one) => one.VpcId,
          state: (one) => one.State,
          'availability-zone': (one) => one.AvailabilityZone,
          availabilityZone: (one) => one.AvailabilityZone,
          'availability-zone-id': (one) => one.AvailabilityZoneId,
          'default-for-az': (one) => String(one.DefaultForAz),
          defaultForAz: (one) => String(one.DefaultForAz),
          'owner-id': (one) => one.OwnerId,
        },
        (one) => networkTags(state, one.SubnetId ?? ''),
      );
      const page = paginate(kept, input, { min: 5, max: 1000 }, (one) => one.SubnetId ?? '');
      return { Subnets: page.items, NextToken: page.nextToken };
    },
    DescribeAvailabilityZones: (input: DescribeAvailabilityZonesRequest): DescribeAvailabilityZonesResult => {
      const unknown = (input.ZoneNames ?? []).filter((zone) => !region.zones.includes(zone));
      if (unknown.length > 0) throw invalidValue(`Invalid availability zone: [${unknown.join(', ')}]`);
      const zones = region.zones.map((zone) => ({
        ZoneName: zone,
        ZoneId: region.zoneIds[zone],
        RegionName: region.name,
        GroupName: region.name,
        NetworkBorderGroup: region.name,
        State: 'available' as const,
        OptInStatus: 'opt-in-not-required' as const,
        ZoneType: 'availability-zone',
        Messages: [],
      }));
      const asked = zones.filter((one) => !input.ZoneNames?.length || input.ZoneNames.includes(one.ZoneName));
      return {
        AvailabilityZones: applyFilters(asked, input.Filters, {
          'zone-name': (one) => one.ZoneName,
          'zone-id': (one) => one.ZoneId,
          'region-name': (one) => one.RegionName,
          'group-name': (one) => one.GroupName,
          'zone-type': (one) => one.ZoneType,
          'opt-in-status': (one) => one.OptInStatus,
          state: (one) => one.State,
        }),
      };
    },
    DescribeRegions: (input: DescribeRegionsRequest): DescribeRegionsResult => {
      const unknown = (input.RegionNames ?? []).filter((name) => !findRegion(name));
      if (unknown.length > 0) throw invalidValue(`Invalid region name: [${unknown.join(', ')}]`);
      const asked = input.RegionNames?.length ? input.RegionNames : [...regionNames];
      const rows = asked.map((name) => ({
        RegionName: name,
        Endpoint: `ec2.${name}.amazonaws.com`,
        OptInStatus: 'opt-in-not-required',
      }));
      return {
        Regions: applyFilters(rows, input.Filters, {
          'region-name': (one) => one.RegionName,
          endpoint: (one) => one.Endpoint,
          'opt-in-status': (one) => one.OptInStatus,
        }),
      };
    },
    DescribeAccountAttributes: (input: DescribeAccountAttributesRequest): DescribeAccountAttributesResult => {
      const attributes: Record<string, string> = {
        'supported-platforms': 'VPC',
        'default-vpc': region.vpcId,
        'max-instances': '1000',
      };
      const names: string[] = input.AttributeNames?.length ? input.AttributeNames : Object.keys(attributes);
      return {
        AccountAttributes: names.flatMap((name) => {
          const value = attributes[name];
          return value === undefined ? [] : [{ AttributeName: name, AttributeValues: [{ AttributeValue: value }] }];
        }),
      };
    },
  };
}

function checkIds(asked: string[] | undefined, known: string[], code: string, what: string): void {
  const unknown = (asked ?? []).filter((id) => !known.includes(id));
  if (unknown.length > 0) throw new CloudError(code, doNotExist(what, unknown));
}
