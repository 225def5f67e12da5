import { describe, expect, it } from 'vitest';
import { desire, pooled } from './support.ts';

describe('members of the warm pool', () => {
  it('are replaced when their machines end', async () => {
    const f = await pooled();
    const [one] = f.inState('Warmed:Stopped');
    f.cloud.setInstance(one?.instanceId ?? '', 'terminated');
    await f.cloud.clock.advance(5_000);
    expect(f.inState('Warmed:Stopped')).toHaveLength(3);
    expect(f.ids()).not.toContain(one?.instanceId);
    expect(f.inState('InService')).toHaveLength(2);
  });

  it('that should run are replaced when they are switched off', async () => {
    const f = await pooled({ PoolState: 'Running' });
    const [one] = f.inState('Warmed:Running');
    f.cloud.setInstance(one?.instanceId ?? '', 'stopped');
    await f.cloud.clock.advance(5_000);
    expect(f.inState('Warmed:Running')).toHaveLength(3);
    expect(f.ids()).not.toContain(one?.instanceId);
  });

  it('that do not start are tried again, later and later', async () => {
    const f = await pooled({ MaxGroupPreparedCapacity: 2 });
    f.cloud.brokenBoots.add(1);
    await f.send('PutWarmPool', { AutoScalingGroupName: 'api', MaxGroupPreparedCapacity: 3 });
    await f.cloud.clock.advance(60_000);
    const failed = (await f.causes()).filter((c) => c.includes('became unhealthy while it was being prepared'));
    expect(failed.length).toBeGreaterThan(3);
    expect(failed.length).toBeLessThan(8);
    f.cloud.brokenBoots.clear();
    await f.cloud.clock.advance(60_000);
    expect(f.inState('Warmed:Stopped')).toHaveLength(1);
  });

  it('held by terminating hooks stay until those are done', async () => {
    const f = await pooled({ MaxGroupPreparedCapacity: 3 });
    await f.send('PutLifecycleHook', {
      AutoScalingGroupName: 'api',
      LifecycleHookName: 'out',
      LifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING',
      HeartbeatTimeout: 30,
    });
    await f.send('PutWarmPool', { AutoScalingGroupName: 'api', MaxGroupPreparedCapacity: 2 });
    await f.cloud.clock.advance(10_000);
    expect(f.inState('Warmed:Terminating:Wait')).toHaveLength(1);
    await f.cloud.clock.advance(31_000);
    expect(f.ids()).toHaveLength(2);
  });

  it('are not what scale-in chooses from', async () => {
    const f = await pooled({ MinSize: 3 });
    await desire(f, 0);
    await f.cloud.clock.advance(10_000);
    expect(f.inState('InService')).toEqual([]);
    expect(f.inState('Warmed:Stopped')).toHaveLength(5);
  });
});
