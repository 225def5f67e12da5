import type {
  DescribeAccountAttributesRequest,
  DescribeAccountAttributesResult,
  DescribeAvailabilityZonesRequest,
  DescribeAvailabilityZonesResult,
  DescribeRegionsRequest,
  DescribeRegionsResult,
} from '@aws-sdk/client-ec2';
import type { CloudContext } from '../context.ts';
import { defaultVpc } from '../network.ts';
import { findRegion, optInRegionNames, regionNames } from '../regions.ts';
import type { HandlerTable } from '../wire/handler.ts';
import { invalidValue } from './errors.ts';
import { applyFilters, withoutValue } from './filters.ts';

/** Zones, regions, and what an account has of them. */
export function placeHandlers(context: CloudContext): HandlerTable {
  const { region } = context;
  return {
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
          ...withoutValue('group-long-name message parent-zone-id parent-zone-name'),
        }),
      };
    },
    DescribeRegions: (input: DescribeRegionsRequest): DescribeRegionsResult => {
      // Without AllRegions there are only those that the account may use.
      const all = input.AllRegions ? [...regionNames, ...optInRegionNames].sort() : regionNames;
      const unknown = (input.RegionNames ?? []).filter((name) => !all.includes(name));
      if (unknown.length > 0) throw invalidValue(`Invalid region name: [${unknown.join(', ')}]`);
      const asked = input.RegionNames?.length ? input.RegionNames : [...all];
      const rows = asked.map((name) => ({
        RegionName: name,
        Endpoint: `ec2.${name}.amazonaws.com`,
        OptInStatus: findRegion(name) ? 'opt-in-not-required' : 'not-opted-in',
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
        'default-vpc': defaultVpc(context)?.id ?? 'none',
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
