import { describe, expect, it } from 'vitest';
import { arn } from '../support.ts';
import { desire, pooled } from './support.ts';

describe('scaling out of the warm pool', () => {
  it('starts stopped machines before new ones are launched, and fills the pool no further than it may', async () => {
    const f = await pooled({ MaxGroupPreparedCapacity: 4 });
    const warm = f.inState('Warmed:Stopped').map((i) => i.instanceId);
    expect(warm).toHaveLength(2);
    const before = f.cloud.launched.length;
    await desire(f, 5);
    await f.cloud.clock.advance(10_000);
    expect(f.cloud.started.sort()).toEqual(warm.sort());
    expect(f.cloud.launched.slice(before).reduce((sum, { count }) => sum + count, 0)).toBe(1);
    expect(f.inState('InService')).toHaveLength(5);
    expect(warm.every((id) => f.cloud.targets.state(arn, id) === 'healthy')).toBe(true);
    expect((await f.causes()).filter((c) => c.startsWith('Launching a new EC2 instance from warm pool'))).toHaveLength(
      2,
    );
  });

  it('takes running machines at once', async () => {
    const f = await pooled({ PoolState: 'Running' });
    await desire(f, 4);
    await f.service.idle();
    expect(f.inState('InService')).toHaveLength(4);
    expect(f.cloud.started).toEqual([]);
  });

  it('takes them for replacements too, and from the emptiest zone first', async () => {
    const f = await pooled({ PoolState: 'Running' });
    const [lost] = f.inState('InService');
    f.cloud.setInstance(lost?.instanceId ?? '', 'terminated');
    await f.service.idle();
    const serving = f.inState('InService');
    expect(serving).toHaveLength(2);
    expect(new Set(serving.map((i) => i.availabilityZone)).size).toBe(2);
  });

  it('launches anew what cannot be started, and keeps it in the pool', async () => {
    const f = await pooled();
    f.cloud.launchError = 'no room';
    await desire(f, 3);
    await f.service.idle();
    expect(f.inState('Warmed:Stopped')).toHaveLength(3);
    f.cloud.launchError = undefined;
    await f.cloud.clock.advance(10_000);
    expect(f.inState('InService')).toHaveLength(3);
  });

  it('lets launching hooks hold an instance twice: into the pool, and out of it', async () => {
    const f = await pooled({ MaxGroupPreparedCapacity: 2 });
    await f.send('PutLifecycleHook', {
      AutoScalingGroupName: 'api',
      LifecycleHookName: 'in',
      LifecycleTransition: 'autoscaling:EC2_INSTANCE_LAUNCHING',
      HeartbeatTimeout: 30,
      DefaultResult: 'CONTINUE',
    });
    await f.send('PutWarmPool', { AutoScalingGroupName: 'api', MaxGroupPreparedCapacity: 3 });
    await f.cloud.clock.advance(2_000);
    expect(f.inState('Warmed:Pending:Wait')).toHaveLength(1);
    await f.cloud.clock.advance(31_000);
    expect(f.inState('Warmed:Stopped')).toHaveLength(1);
    await desire(f, 3);
    await f.cloud.clock.advance(2_000);
    expect(f.inState('Pending:Wait')).toHaveLength(1);
    await f.cloud.clock.advance(31_000);
    expect(f.inState('InService')).toHaveLength(3);
  });
});
