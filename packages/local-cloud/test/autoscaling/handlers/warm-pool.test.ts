import { describe, expect, it } from 'vitest';
import { setUp } from '../support.ts';
import { desire, pooled } from '../warm-pool/support.ts';

const AutoScalingGroupName = 'api';

describe('operations of the warm pool', () => {
  it('show it and its members by themselves, and beside the group', async () => {
    const f = await pooled({ MinSize: 1, MaxGroupPreparedCapacity: 4 });
    const WarmPoolConfiguration = {
      MinSize: 1,
      MaxGroupPreparedCapacity: 4,
      PoolState: 'Stopped',
      InstanceReusePolicy: { ReuseOnScaleIn: false },
    };
    const first = await f.send('DescribeWarmPool', { AutoScalingGroupName, MaxRecords: 1 });
    expect(first.WarmPoolConfiguration).toEqual(WarmPoolConfiguration);
    expect(first.Instances).toMatchObject([{ LifecycleState: 'Warmed:Stopped', HealthStatus: 'Healthy' }]);
    const second = await f.send('DescribeWarmPool', {
      AutoScalingGroupName,
      MaxRecords: 1,
      NextToken: first.NextToken,
    });
    expect(second.Instances).toHaveLength(1);
    expect(second.NextToken).toBeUndefined();
    const group = await f.group();
    expect(group).toMatchObject({ WarmPoolConfiguration, WarmPoolSize: 2, DesiredCapacity: 2 });
    expect(group.Instances).toHaveLength(2);
    const all = await f.send('DescribeAutoScalingInstances', {});
    expect(all.AutoScalingInstances.map((i: { LifecycleState: string }) => i.LifecycleState).sort()).toEqual([
      'InService',
      'InService',
      'Warmed:Stopped',
      'Warmed:Stopped',
    ]);
  });

  it('delete it with its members', async () => {
    const f = await pooled();
    await f.send('DeleteWarmPool', { AutoScalingGroupName });
    expect((await f.send('DescribeWarmPool', { AutoScalingGroupName })).WarmPoolConfiguration.Status).toBe(
      'PendingDelete',
    );
    await expect(f.send('PutWarmPool', { AutoScalingGroupName })).rejects.toMatchObject({ code: 'ResourceInUse' });
    await f.cloud.clock.advance(5_000);
    const gone = await f.send('DescribeWarmPool', { AutoScalingGroupName });
    expect(gone).toEqual({ WarmPoolConfiguration: undefined, Instances: [], NextToken: undefined });
    expect(f.ids()).toHaveLength(2);
    await expect(f.send('DeleteWarmPool', { AutoScalingGroupName })).rejects.toThrow('No warm pool found');
  });

  it('refuse to delete it while it moves, unless by force', async () => {
    const f = await pooled({ InstanceReusePolicy: { ReuseOnScaleIn: true } });
    await desire(f, 4);
    await f.cloud.clock.advance(5_000);
    await desire(f, 2);
    await f.service.idle();
    await expect(f.send('DeleteWarmPool', { AutoScalingGroupName })).rejects.toMatchObject({
      code: 'ScalingActivityInProgress',
    });
    await f.send('DeleteWarmPool', { AutoScalingGroupName, ForceDelete: true });
    await f.cloud.clock.advance(5_000);
    expect(f.ids()).toHaveLength(2);
    expect(f.record().warmPool).toBeUndefined();
  });

  it('keep a group with a pool from being deleted without force', async () => {
    const f = await pooled({ MinSize: 0 });
    await f.send('UpdateAutoScalingGroup', { AutoScalingGroupName, MinSize: 0, MaxSize: 0 });
    await f.cloud.clock.advance(5_000);
    expect(f.ids()).toEqual([]);
    await expect(f.send('DeleteAutoScalingGroup', { AutoScalingGroupName })).rejects.toMatchObject({
      code: 'ResourceInUse',
    });
    await f.send('DeleteAutoScalingGroup', { AutoScalingGroupName, ForceDelete: true });
    await f.cloud.clock.advance(5_000);
    expect(f.cloud.state.groups).toEqual({});
  });

  it('keep members from what is for those in service only', async () => {
    const f = await pooled();
    const InstanceIds = [f.inState('Warmed:Stopped')[0]?.instanceId];
    const one = { AutoScalingGroupName, InstanceIds, ShouldDecrementDesiredCapacity: true };
    await expect(f.send('SetInstanceProtection', { ...one, ProtectedFromScaleIn: true })).rejects.toThrow(
      'is not in InService or EnteringStandby or Standby',
    );
    await expect(f.send('EnterStandby', one)).rejects.toThrow('not in InService; it is Warmed:Stopped');
    await expect(f.send('DetachInstances', one)).rejects.toThrow('it is Warmed:Stopped');
    await f.send('TerminateInstanceInAutoScalingGroup', {
      AutoScalingGroupName,
      InstanceIds,
      ShouldDecrementDesiredCapacity: true,
    });
    expect(f.record().desiredCapacity).toBe(2);
  });

  it.each([
    [{ PoolState: 'Hibernated' }, 'cannot hibernate'],
    [{ PoolState: 'Asleep' }, 'Invalid PoolState: Asleep'],
    [{ MinSize: -1 }, 'MinSize must not be negative'],
    [{ MaxGroupPreparedCapacity: -2 }, 'must be -1 or more'],
    [{ MinSize: 3, MaxGroupPreparedCapacity: 2 }, "must not be below the warm pool's MinSize 3"],
  ])('refuse %j', async (more, message) => {
    const f = setUp();
    await f.create();
    await expect(f.send('PutWarmPool', { AutoScalingGroupName, ...more })).rejects.toThrow(message);
    expect(f.record().warmPool).toBeUndefined();
  });
});
