import { describe, expect, it } from 'vitest';
import { arn } from '../support.ts';
import { desire, finish, hooked } from './support.ts';

describe('launching hooks', () => {
  it('hold an instance out of the balancer until they are completed', async () => {
    const f = await hooked({ launching: 'ABANDON' });
    await desire(f, 3);
    await f.cloud.clock.advance(30_000);
    const [held] = f.inState('Pending:Wait');
    const id = held?.instanceId ?? '';
    expect(f.cloud.targets.state(arn, id)).toBeUndefined();
    const { Activities } = await f.send('DescribeScalingActivities', { AutoScalingGroupName: 'api' });
    expect(Activities[0]).toMatchObject({ StatusCode: 'MidLifecycleAction', Progress: 60 });
    await finish(f, 'launching', id, 'CONTINUE');
    await f.cloud.clock.advance(5_000);
    expect(f.inState('InService')).toHaveLength(3);
    expect(f.cloud.targets.state(arn, id)).toBe('healthy');
    expect(f.record().instances.every((i) => i.lifecycleActions === undefined)).toBe(true);
  });

  it('count as capacity meanwhile: nothing else is launched', async () => {
    const f = await hooked({ launching: 'CONTINUE' });
    await desire(f, 4);
    await f.cloud.clock.advance(50_000);
    expect(f.inState('Pending:Wait')).toHaveLength(2);
    expect(f.record().instances).toHaveLength(4);
    await f.cloud.clock.advance(15_000);
    expect(f.inState('InService')).toHaveLength(4);
  });

  it('that are abandoned end the instance, and another is launched after a pause', async () => {
    const f = await hooked({ launching: 'ABANDON' });
    await desire(f, 3);
    await f.cloud.clock.advance(62_000);
    expect(await f.causes()).toEqual(
      expect.arrayContaining([expect.stringContaining('in response to a lifecycle action that was abandoned.')]),
    );
    const { Activities } = await f.send('DescribeScalingActivities', { AutoScalingGroupName: 'api' });
    const canceled = Activities.filter((a: { StatusCode: string }) => a.StatusCode === 'Cancelled');
    expect(canceled).toHaveLength(1);
    expect(canceled[0].StatusMessage).toMatch(
      /Lifecycle Action with token [0-9a-f-]{36} was abandoned: Heartbeat Timeout/,
    );
    await f.cloud.clock.advance(5_000);
    const [again] = f.inState('Pending:Wait');
    await finish(f, 'launching', again?.instanceId, 'CONTINUE');
    await f.cloud.clock.advance(5_000);
    expect(f.inState('InService')).toHaveLength(3);
  });

  it('need all CONTINUE, and one ABANDON decides', async () => {
    const f = await hooked({ launching: 'ABANDON' });
    const second = { LifecycleHookName: 'second', LifecycleTransition: 'autoscaling:EC2_INSTANCE_LAUNCHING' };
    await f.send('PutLifecycleHook', { AutoScalingGroupName: 'api', ...second });
    await desire(f, 3);
    await f.cloud.clock.advance(5_000);
    const id = f.inState('Pending:Wait')[0]?.instanceId;
    await finish(f, 'launching', id, 'CONTINUE');
    await f.cloud.clock.advance(5_000);
    expect(f.inState('Pending:Wait')).toHaveLength(1);
    await finish(f, 'second', id, 'ABANDON');
    await f.service.idle();
    expect(f.inState('Terminating').map((i) => i.instanceId)).toEqual([id]);
  });

  it('do not hold what comes back from Standby', async () => {
    const f = await hooked({ launching: 'ABANDON' });
    const id = f.ids()[0] ?? '';
    const one = { AutoScalingGroupName: 'api', InstanceIds: [id] };
    await f.send('EnterStandby', { ...one, ShouldDecrementDesiredCapacity: true });
    await f.cloud.clock.advance(5_000);
    await f.send('ExitStandby', one);
    await f.service.idle();
    expect(f.inState('InService')).toHaveLength(2);
  });

  it('keep their deadline over a restart of the cloud', async () => {
    const f = await hooked({ launching: 'CONTINUE' });
    await desire(f, 3);
    await f.cloud.clock.advance(10_000);
    await f.restart(30_000);
    expect(f.inState('Pending:Wait')).toHaveLength(1);
    await f.cloud.clock.advance(22_000);
    expect(f.inState('InService')).toHaveLength(3);
  });

  it('of a hook that is deleted are abandoned; a hook made later holds nothing', async () => {
    const f = await hooked({ launching: 'CONTINUE' });
    await desire(f, 3);
    await f.cloud.clock.advance(5_000);
    const id = f.inState('Pending:Wait')[0]?.instanceId;
    await f.send('DeleteLifecycleHook', { AutoScalingGroupName: 'api', LifecycleHookName: 'launching' });
    await f.cloud.clock.advance(20_000);
    expect(f.ids()).not.toContain(id);
    expect(f.inState('InService')).toHaveLength(3);
  });
});
