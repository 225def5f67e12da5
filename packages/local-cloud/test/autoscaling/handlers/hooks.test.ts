import { describe, expect, it } from 'vitest';
import { desire, finish, hooked } from '../hooks/support.ts';
import { setUp } from '../support.ts';

const AutoScalingGroupName = 'api';

describe('operations of lifecycle hooks', () => {
  it('put, show by name and delete them', async () => {
    const f = await hooked({ launching: 'CONTINUE', terminating: 'ABANDON' });
    const { LifecycleHooks } = await f.send('DescribeLifecycleHooks', {
      AutoScalingGroupName,
      LifecycleHookNames: ['launching'],
    });
    expect(LifecycleHooks).toEqual([
      {
        LifecycleHookName: 'launching',
        AutoScalingGroupName,
        LifecycleTransition: 'autoscaling:EC2_INSTANCE_LAUNCHING',
        HeartbeatTimeout: 60,
        GlobalTimeout: 6_000,
        DefaultResult: 'CONTINUE',
      },
    ]);
    await f.send('DeleteLifecycleHook', { AutoScalingGroupName, LifecycleHookName: 'launching' });
    expect((await f.send('DescribeLifecycleHooks', { AutoScalingGroupName })).LifecycleHooks).toHaveLength(1);
    await expect(
      f.send('DeleteLifecycleHook', { AutoScalingGroupName, LifecycleHookName: 'launching' }),
    ).rejects.toThrow('No Lifecycle Hook found with name: launching');
    expect((await f.send('DescribeLifecycleHookTypes', {})).LifecycleHookTypes).toHaveLength(2);
  });

  it('come with a new group, and hold its first instances', async () => {
    const f = setUp();
    const LifecycleHookSpecificationList = [
      { LifecycleHookName: 'in', LifecycleTransition: 'autoscaling:EC2_INSTANCE_LAUNCHING', HeartbeatTimeout: 300 },
    ];
    await f.create({ LifecycleHookSpecificationList });
    expect(f.inState('Pending:Wait')).toHaveLength(4);
    expect((await f.send('DescribeLifecycleHooks', { AutoScalingGroupName })).LifecycleHooks[0].GlobalTimeout).toBe(
      30_000,
    );
  });

  it('hold 50 at the most', async () => {
    const f = await hooked();
    const put = (n: number) =>
      f.send('PutLifecycleHook', {
        AutoScalingGroupName,
        LifecycleHookName: `h${n}`,
        LifecycleTransition: 'autoscaling:EC2_INSTANCE_LAUNCHING',
      });
    for (let n = 0; n < 50; n++) await put(n);
    await expect(put(50)).rejects.toMatchObject({ code: 'LimitExceeded' });
    await put(49);
  });

  it('keep an instance waiting by heartbeats, up to a hundred of them', async () => {
    const f = await hooked({ launching: 'CONTINUE' });
    await desire(f, 3);
    await f.cloud.clock.advance(5_000);
    const InstanceId = f.inState('Pending:Wait')[0]?.instanceId;
    const beat = () =>
      f.send('RecordLifecycleActionHeartbeat', { AutoScalingGroupName, LifecycleHookName: 'launching', InstanceId });
    let beats = 0;
    while (f.inState('Pending:Wait').length > 0 && beats < 200) {
      await beat();
      beats++;
      await f.cloud.clock.advance(50_000);
    }
    // 6,000 seconds in all, at one beat every 50.
    expect(beats).toBe(120);
    expect(f.inState('InService')).toHaveLength(3);
  });

  it('take a token, and refuse what is not open', async () => {
    const f = await hooked({ launching: 'ABANDON' });
    await desire(f, 3);
    await f.cloud.clock.advance(5_000);
    const [held] = f.inState('Pending:Wait');
    const LifecycleActionToken = held?.lifecycleActions?.[0]?.token;
    const complete = (more: object) =>
      f.send('CompleteLifecycleAction', {
        AutoScalingGroupName,
        LifecycleHookName: 'launching',
        LifecycleActionResult: 'CONTINUE',
        ...more,
      });
    await expect(complete({})).rejects.toThrow('Either InstanceId or LifecycleActionToken');
    await expect(complete({ LifecycleActionToken: 'x' })).rejects.toThrow(
      'No active Lifecycle Action found with token x',
    );
    await expect(complete({ LifecycleActionToken, LifecycleActionResult: 'MAYBE' })).rejects.toThrow(
      'CONTINUE or ABANDON',
    );
    await expect(finish(f, 'other', held?.instanceId, 'CONTINUE')).rejects.toThrow('No active Lifecycle Action found');
    await complete({ LifecycleActionToken });
    await expect(complete({ LifecycleActionToken })).rejects.toThrow('No active Lifecycle Action found');
    await f.service.idle();
    expect(f.inState('InService')).toHaveLength(3);
  });
});
