import type * as elb from '@aws-sdk/client-elastic-load-balancing-v2';
import { CloudError, type HandlerTable } from '../../wire/handler.ts';
import { isPending } from '../capacity.ts';
import { checkSecurityGroups, checkSubnets } from '../check-network.ts';
import { findLoadBalancer } from '../find.ts';
import { checkIpAddressType } from '../ip-address-type.ts';
import { limits } from '../limits.ts';
import { showLoadBalancer } from '../shapes.ts';
import { page, required } from '../validate.ts';
import type { ElbParts } from './shared.ts';

/** Where load balancers are, who may reach them, and how much of all there may be. The first two are kept, not enforced. */
export function placementHandlers({ context }: ElbParts): HandlerTable {
  const { state, clock, delays } = context;

  return {
    SetSecurityGroups(input: elb.SetSecurityGroupsInput): elb.SetSecurityGroupsOutput {
      const record = findLoadBalancer(state, input.LoadBalancerArn);
      if (input.EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic)
        throw new CloudError(
          'InvalidConfigurationRequest',
          'Rules for PrivateLink traffic can only be set for network load balancers',
        );
      const given = required(input.SecurityGroups?.length ? input.SecurityGroups : undefined, 'security group ID');
      record.securityGroupIds = checkSecurityGroups(context, record.vpcId, given);
      context.changed();
      return { SecurityGroupIds: record.securityGroupIds };
    },

    SetSubnets(input: elb.SetSubnetsInput): elb.SetSubnetsOutput {
      const record = findLoadBalancer(state, input.LoadBalancerArn);
      const IpAddressType = checkIpAddressType(input.IpAddressType);
      const { subnetIds } = checkSubnets(context, input, record.vpcId);
      const { capacity } = record;
      const now = clock.now();
      if (capacity?.units && isPending(capacity, now, delays.capacityProvisioning))
        throw new CloudError(
          'CapacityReservationPending',
          `The capacity reservation of '${record.arn}' is pending; subnets can be changed when it is provisioned`,
        );
      const moved =
        new Set([...subnetIds, ...record.subnetIds]).size > Math.min(subnetIds.length, record.subnetIds.length);
      if (moved && capacity?.units) record.capacity = { ...capacity, movedAt: now };
      record.subnetIds = subnetIds;
      context.changed();
      return { AvailabilityZones: showLoadBalancer(context, record).AvailabilityZones, IpAddressType };
    },

    SetIpAddressType(input: elb.SetIpAddressTypeInput): elb.SetIpAddressTypeOutput {
      findLoadBalancer(state, input.LoadBalancerArn);
      return { IpAddressType: checkIpAddressType(required(input.IpAddressType, 'IP address type')) };
    },

    DescribeAccountLimits(input: elb.DescribeAccountLimitsInput): elb.DescribeAccountLimitsOutput {
      const all = Object.entries(limits).map(([Name, max]) => ({ Name, Max: String(max) }));
      const { items, NextMarker } = page(all, input);
      return { Limits: items, NextMarker };
    },
  };
}
