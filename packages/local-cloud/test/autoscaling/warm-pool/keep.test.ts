import { describe, expect, it } from 'vitest';
import { arn } from '../support.ts';
import { desire, pooled } from './support.ts';

describe('the warm pool', () => {
  it('fills up to the maximum size with stopped machines that no balancer knows', async () => {
    const f = await pooled();
    const pool = f.inState('Warmed:Stopped');
    expect(pool).toHaveLength(3);
    for (const { instanceId } of pool) {
      expect(f.cloud.state.instances[instanceId]?.state).toBe('stopped');
      expect(f.cloud.targets.state(arn, instanceId)).toBeUndefined();
    }
    expect(f.inState('InService')).toHaveLength(2);
    expect(new Set(pool.map((i) => i.availabilityZone)).size).toBe(3);
    expect((await f.causes()).filter((c) => c.startsWith('Launching a new EC2 instance into warm pool'))).toHaveLength(
      3,
    );
  });

  it('is placed where the group lacks instances', async () => {
    const f = await pooled({ MaxGroupPreparedCapacity: 3 });
    expect(new Set(f.record().instances.map((i) => i.availabilityZone)).size).toBe(3);
  });

  it('keeps its machines running when its state is Running', async () => {
    const f = await pooled({ PoolState: 'Running' });
    const pool = f.inState('Warmed:Running');
    expect(pool).toHaveLength(3);
    expect(pool.every((i) => f.cloud.state.instances[i.instanceId]?.state === 'running')).toBe(true);
    expect(pool.every((i) => f.cloud.targets.state(arn, i.instanceId) === undefined)).toBe(true);
  });

  it.each([
    ['a prepared capacity', { MaxGroupPreparedCapacity: 3 }, 1],
    ['a minimum above it', { MaxGroupPreparedCapacity: 2, MinSize: 2 }, 2],
    ['a minimum beyond the maximum size', { MinSize: 4 }, 4],
  ])('is of the size that follows from %s', async (_what, more, size) => {
    expect((await pooled(more)).inState('Warmed:Stopped')).toHaveLength(size);
  });

  it('follows the desired capacity and its own changes', async () => {
    const f = await pooled({ MaxGroupPreparedCapacity: 5 });
    await f.send('PutWarmPool', { AutoScalingGroupName: 'api', MaxGroupPreparedCapacity: 3 });
    await f.cloud.clock.advance(5_000);
    expect(f.inState('Warmed:Stopped')).toHaveLength(1);
    await f.send('PutWarmPool', { AutoScalingGroupName: 'api', MaxGroupPreparedCapacity: -1 });
    await f.cloud.clock.advance(5_000);
    expect(f.inState('Warmed:Stopped')).toHaveLength(3);
    await desire(f, 5);
    await f.cloud.clock.advance(10_000);
    expect(f.inState('Warmed:Stopped')).toEqual([]);
    expect(f.inState('InService')).toHaveLength(5);
  });

  it('waits after a refused launch without holding up the group', async () => {
    const f = await pooled();
    f.cloud.launchError = 'no room';
    await f.send('PutWarmPool', { AutoScalingGroupName: 'api', MinSize: 4 });
    await f.cloud.clock.advance(3_500);
    const { Activities } = await f.send('DescribeScalingActivities', { AutoScalingGroupName: 'api' });
    const failed = Activities.filter((a: { StatusCode: string }) => a.StatusCode === 'Failed');
    // At once, after a second, and two seconds after that.
    expect(failed.length / 3).toBe(3);
    f.cloud.launchError = undefined;
    await f.cloud.clock.advance(10_000);
    expect(f.inState('Warmed:Stopped')).toHaveLength(4);
  });

  it('receives what is scaled in, with reuse on scale-in', async () => {
    const f = await pooled({ InstanceReusePolicy: { ReuseOnScaleIn: true } });
    await desire(f, 5);
    await f.cloud.clock.advance(10_000);
    const launched = f.cloud.launched.length;
    await desire(f, 2);
    await f.service.idle();
    expect(f.inState('Terminating')).toHaveLength(3);
    await f.cloud.clock.advance(10_000);
    expect(f.inState('Warmed:Stopped')).toHaveLength(3);
    expect(f.cloud.launched).toHaveLength(launched);
    expect((await f.causes()).filter((c) => c.startsWith('Returning EC2 instance to warm pool'))).toHaveLength(3);
  });

  it('terminates what is returning to it when it is made smaller', async () => {
    const f = await pooled({ InstanceReusePolicy: { ReuseOnScaleIn: true } });
    await desire(f, 5);
    await f.cloud.clock.advance(10_000);
    await desire(f, 2);
    await f.service.idle();
    await f.send('PutWarmPool', { AutoScalingGroupName: 'api', MaxGroupPreparedCapacity: 2 });
    await f.cloud.clock.advance(10_000);
    expect(f.ids()).toHaveLength(2);
  });

  it('survives a restart in the middle of its preparation', async () => {
    const f = await pooled({ MinSize: 0 });
    await f.send('PutWarmPool', { AutoScalingGroupName: 'api', MinSize: 4 });
    await f.cloud.clock.advance(1_200);
    expect(f.inState('Warmed:Pending:Proceed')).toHaveLength(1);
    await f.restart(5_000);
    expect(f.inState('Warmed:Stopped')).toHaveLength(4);
    expect(f.cloud.reports).toEqual([]);
  });
});
