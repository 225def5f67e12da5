import { DescribeSubnetsCommand, type EC2Client } from '@aws-sdk/client-ec2';
import {
  DescribeCapacityReservationCommand,
  type ElasticLoadBalancingV2Client,
  ModifyCapacityReservationCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { awsCode } from './errors.ts';
import type { Group } from './groups.ts';
import { observedChange } from './observed.ts';

/** Free addresses in the subnets of a group, or in the default subnets when the group was created with zones only. */
export async function freeAddresses(
  ec2: EC2Client,
  { subnetIds, zones }: Pick<Group, 'subnetIds' | 'zones'>,
): Promise<number> {
  const { Subnets = [] } = await ec2.send(
    new DescribeSubnetsCommand(
      subnetIds.length > 0
        ? { SubnetIds: subnetIds }
        : {
            Filters: [
              { Name: 'default-for-az', Values: ['true'] },
              { Name: 'availability-zone', Values: zones },
            ],
          },
    ),
  );
  return Subnets.reduce((sum, subnet) => sum + (subnet.AvailableIpAddressCount ?? 0), 0);
}

/** Capacity units (LCU) that are reserved for a load balancer; 0 for none. */
export async function reservedUnits(elb: ElasticLoadBalancingV2Client, loadBalancerArn: string): Promise<number> {
  const { MinimumLoadBalancerCapacity } = await elb.send(
    new DescribeCapacityReservationCommand({ LoadBalancerArn: loadBalancerArn }),
  );
  return MinimumLoadBalancerCapacity?.CapacityUnits ?? 0;
}

/** Reserves capacity units of a load balancer; 0 releases them. AWS allows two decreases a day. */
export async function reserveUnits(
  elb: ElasticLoadBalancingV2Client,
  loadBalancerArn: string,
  units: number,
): Promise<void> {
  await observedChange(
    () =>
      elb.send(
        new ModifyCapacityReservationCommand({
          LoadBalancerArn: loadBalancerArn,
          ...(units > 0
            ? { MinimumLoadBalancerCapacity: { CapacityUnits: units } }
            : { ResetCapacityReservation: true }),
        }),
      ),
    async () => (await reservedUnits(elb, loadBalancerArn)) === units,
  );
}

/** True when a reservation was refused because of its time or its amount. */
export function isReservationRefused(error: unknown): boolean {
  return /Capacity(Units|Decrease)|CapacityReservationPending|InsufficientCapacity|UnsupportedOperation|OperationNotPermitted/.test(
    awsCode(error) ?? '',
  );
}
