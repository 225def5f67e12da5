import { describe, expect, it } from 'vitest';
import { type Fixture, setUp } from '../support.ts';

const AutoScalingGroupName = 'api';

async function hooked(way: 'LAUNCHING' | 'TERMINATING', more: object = {}): Promise<Fixture> {
  const f = setUp();
  await f.create({ DesiredCapacity: 2 });
  await f.send('PutLifecycleHook', {
    AutoScalingGroupName,
    LifecycleHookName: 'hook',
    LifecycleTransition: `autoscaling:EC2_INSTANCE_${way}`,
    HeartbeatTimeout: 7200,
    DefaultResult: 'CONTINUE',
    ...more,
  });
  return f;
}

describe('a refresh through lifecycle hooks', () => {
  it.each(['LAUNCHING', 'TERMINATING'] as const)('waits for them as long as they take (%s)', async (way) => {
    const f = await hooked(way);
    await f.startRefresh('2');
    await f.cloud.clock.advance(7_000_000);
    expect((await f.refresh()).Status).toBe('InProgress');
    expect(f.record().instances.some((i) => i.lifecycleState.endsWith(':Wait'))).toBe(true);
    await f.cloud.clock.advance(9_000_000);
    expect((await f.refresh()).Status).toBe('Successful');
    expect(f.versions()).toEqual([2, 2]);
  });

  it('fails, or rolls back, when they abandon what it launches', async () => {
    const f = await hooked('LAUNCHING', { HeartbeatTimeout: 30, DefaultResult: 'ABANDON' });
    await f.startRefresh('2', { MinHealthyPercentage: 100, MaxHealthyPercentage: 200 });
    await f.cloud.clock.advance(300_000);
    expect(await f.refresh()).toMatchObject({
      Status: 'Failed',
      StatusReason: expect.stringContaining('was abandoned: Heartbeat Timeout'),
    });
    expect(f.versions()).toEqual([1, 1]);
  });
});
