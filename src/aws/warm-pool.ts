import {
  type AutoScalingClient,
  DeleteWarmPoolCommand,
  DescribeWarmPoolCommand,
  PutWarmPoolCommand,
} from '@aws-sdk/client-auto-scaling';

/** Whether a group has a warm pool. One that is `ending` still has machines, and until they are gone AWS takes no other. */
export async function readWarmPool(
  autoScaling: AutoScalingClient,
  group: string,
): Promise<'none' | 'present' | 'ending'> {
  const { WarmPoolConfiguration } = await autoScaling.send(
    new DescribeWarmPoolCommand({ AutoScalingGroupName: group, MaxRecords: 1 }),
  );
  if (WarmPoolConfiguration === undefined) return 'none';
  return WarmPoolConfiguration.Status === 'PendingDelete' ? 'ending' : 'present';
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
  if ((await readWarmPool(autoScaling, group)) !== 'present') return;
  await autoScaling.send(new DeleteWarmPoolCommand({ AutoScalingGroupName: group, ForceDelete: true }));
}
