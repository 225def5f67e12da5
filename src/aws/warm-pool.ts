import {
  type AutoScalingClient,
  DeleteWarmPoolCommand,
  DescribeWarmPoolCommand,
  PutWarmPoolCommand,
  type WarmPoolConfiguration,
} from '@aws-sdk/client-auto-scaling';
import { observedChange } from './observed.ts';

/**
 * Whether a group has a warm pool. An `ending` pool still has instances, and AWS accepts no new pool until they are
 * gone.
 */
export async function readWarmPool(
  autoScaling: AutoScalingClient,
  group: string,
): Promise<'none' | 'present' | 'ending'> {
  const pool = await describe(autoScaling, group);
  if (pool === undefined) return 'none';
  return pool.Status === 'PendingDelete' ? 'ending' : 'present';
}

/**
 * Creates a warm pool: instances that have booted once and wait. The group uses them first when it grows, up to
 * `prepared`.
 */
export async function putWarmPool(
  autoScaling: AutoScalingClient,
  group: string,
  pool: { state: 'Stopped' | 'Running'; prepared: number },
): Promise<void> {
  await observedChange(
    () =>
      autoScaling.send(
        new PutWarmPoolCommand({
          AutoScalingGroupName: group,
          PoolState: pool.state,
          MinSize: 0,
          MaxGroupPreparedCapacity: pool.prepared,
          InstanceReusePolicy: { ReuseOnScaleIn: false },
        }),
      ),
    async () => {
      const { PoolState, MaxGroupPreparedCapacity, Status } = (await describe(autoScaling, group)) ?? {};
      return PoolState === pool.state && MaxGroupPreparedCapacity === pool.prepared && Status !== 'PendingDelete';
    },
  );
}

/** Deletes a warm pool with its instances; a missing one is not an error. */
export async function deleteWarmPool(autoScaling: AutoScalingClient, group: string): Promise<void> {
  if ((await readWarmPool(autoScaling, group)) !== 'present') return;
  await observedChange(
    () => autoScaling.send(new DeleteWarmPoolCommand({ AutoScalingGroupName: group, ForceDelete: true })),
    async () => (await readWarmPool(autoScaling, group)) !== 'present',
  );
}

async function describe(autoScaling: AutoScalingClient, group: string): Promise<WarmPoolConfiguration | undefined> {
  const { WarmPoolConfiguration } = await autoScaling.send(
    new DescribeWarmPoolCommand({ AutoScalingGroupName: group, MaxRecords: 1 }),
  );
  return WarmPoolConfiguration;
}
