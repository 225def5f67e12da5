import {
  type AutoScalingClient,
  CreateOrUpdateTagsCommand,
  DeleteTagsCommand,
  DeleteWarmPoolCommand,
  DescribeTagsCommand,
  DescribeWarmPoolCommand,
  PutWarmPoolCommand,
} from '@aws-sdk/client-auto-scaling';
import { DescribeInstanceTypesCommand, DescribeSubnetsCommand, type EC2Client } from '@aws-sdk/client-ec2';
import {
  DescribeCapacityReservationCommand,
  type ElasticLoadBalancingV2Client,
  ModifyCapacityReservationCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { awsCode } from './errors.ts';
import type { Group } from './groups.ts';

/** vCPUs of an instance type; undefined when the cloud does not know the type. */
export async function vcpusOf(ec2: EC2Client, type: string): Promise<number | undefined> {
  const { InstanceTypes } = await ec2.send(new DescribeInstanceTypesCommand({ InstanceTypes: [type as 't3.small'] }));
  return InstanceTypes?.[0]?.VCpuInfo?.DefaultVCpus;
}

/** Addresses that are free where a group launches: in its subnets, or in the default ones when it was made with zones only. */
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

/** A tag of a group; undefined when it has none of that key. */
export async function readGroupTag(
  autoScaling: AutoScalingClient,
  group: string,
  key: string,
): Promise<string | undefined> {
  const { Tags } = await autoScaling.send(
    new DescribeTagsCommand({
      Filters: [
        { Name: 'auto-scaling-group', Values: [group] },
        { Name: 'key', Values: [key] },
      ],
    }),
  );
  return Tags?.[0]?.Value;
}

/** Sets a tag of a group, which its instances do not get; undefined takes it off. */
export async function setGroupTag(
  autoScaling: AutoScalingClient,
  group: string,
  key: string,
  value: string | undefined,
): Promise<void> {
  const tag = { ResourceId: group, ResourceType: 'auto-scaling-group', Key: key };
  if (value === undefined) await autoScaling.send(new DeleteTagsCommand({ Tags: [tag] }));
  else {
    await autoScaling.send(
      new CreateOrUpdateTagsCommand({ Tags: [{ ...tag, Value: value, PropagateAtLaunch: false }] }),
    );
  }
}

/** Whether a group has a warm pool that is not being deleted. */
export async function hasWarmPool(autoScaling: AutoScalingClient, group: string): Promise<boolean> {
  const { WarmPoolConfiguration } = await autoScaling.send(
    new DescribeWarmPoolCommand({ AutoScalingGroupName: group, MaxRecords: 1 }),
  );
  return WarmPoolConfiguration !== undefined && WarmPoolConfiguration.Status !== 'PendingDelete';
}

/** Machines that have booted once and wait: a group takes them first when it grows to `prepared`. */
export async function putWarmPool(
  autoScaling: AutoScalingClient,
  group: string,
  pool: { state: 'Stopped' | 'Running'; prepared: number },
): Promise<void> {
  await autoScaling.send(
    new PutWarmPoolCommand({
      AutoScalingGroupName: group,
      PoolState: pool.state,
      MinSize: 0,
      MaxGroupPreparedCapacity: pool.prepared,
      InstanceReusePolicy: { ReuseOnScaleIn: false },
    }),
  );
}

/** Ends a warm pool with its machines; none is no error. */
export async function deleteWarmPool(autoScaling: AutoScalingClient, group: string): Promise<void> {
  if (!(await hasWarmPool(autoScaling, group))) return;
  await autoScaling.send(new DeleteWarmPoolCommand({ AutoScalingGroupName: group, ForceDelete: true }));
}

/** Capacity units (LCU) that are reserved for a load balancer; 0 for none. */
export async function reservedUnits(elb: ElasticLoadBalancingV2Client, loadBalancerArn: string): Promise<number> {
  const { MinimumLoadBalancerCapacity } = await elb.send(
    new DescribeCapacityReservationCommand({ LoadBalancerArn: loadBalancerArn }),
  );
  return MinimumLoadBalancerCapacity?.CapacityUnits ?? 0;
}

/** Reserves capacity units of a load balancer; 0 gives them back. AWS allows two decreases a day. */
export async function reserveUnits(
  elb: ElasticLoadBalancingV2Client,
  loadBalancerArn: string,
  units: number,
): Promise<void> {
  await elb.send(
    new ModifyCapacityReservationCommand({
      LoadBalancerArn: loadBalancerArn,
      ...(units > 0 ? { MinimumLoadBalancerCapacity: { CapacityUnits: units } } : { ResetCapacityReservation: true }),
    }),
  );
}

/** True for the refusals of a reservation that say: not now, or not so much. */
export function isReservationRefused(error: unknown): boolean {
  return /Capacity(Units|Decrease)|CapacityReservationPending|InsufficientCapacity|UnsupportedOperation|OperationNotPermitted/.test(
    awsCode(error) ?? '',
  );
}
