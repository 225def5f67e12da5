import { describe, expect, it } from 'vitest';
import { arn, setUp } from './support.ts';

describe('Standby, attach, detach and terminate', () => {
  it('drains before Standby and returns to service, and counts the capacity', async () => {
    const f = setUp();
    await f.create({ MinSize: 2 });
    const id = f.record().instances[1]?.instanceId ?? '';
    const { Activities } = await f.send('EnterStandby', {
      AutoScalingGroupName: 'api',
      InstanceIds: [id],
      ShouldDecrementDesiredCapacity: true,
    });
    expect(Activities[0]).toMatchObject({
      Description: `Moving EC2 instance to Standby: ${id}`,
      StatusCode: 'InProgress',
    });
    expect(Activities[0].Cause).toContain('shrinking the capacity from 4 to 3');
    await f.cloud.clock.advance(1_000);
    expect(f.inState('EnteringStandby')).toHaveLength(1);
    expect(f.cloud.targets.state(arn, id)).toBe('draining');
    await f.cloud.clock.advance(1_000);
    expect(f.inState('Standby').map((i) => i.instanceId)).toEqual([id]);
    expect(f.cloud.targets.state(arn, id)).toBeUndefined();
    expect(f.record().desiredCapacity).toBe(3);
    await f.cloud.clock.advance(60_000);
    expect(f.record().instances).toHaveLength(4);
    await f.send('ExitStandby', { AutoScalingGroupName: 'api', InstanceIds: [id] });
    expect(f.record().desiredCapacity).toBe(4);
    await f.cloud.clock.advance(3_000);
    expect(f.inState('InService')).toHaveLength(4);
    expect(f.cloud.targets.state(arn, id)).toBe('healthy');
  });

  it('launches a replacement when the desired capacity stays, and trims when it comes back', async () => {
    const f = setUp();
    await f.create();
    const id = f.record().instances[0]?.instanceId;
    await f.send('EnterStandby', {
      AutoScalingGroupName: 'api',
      InstanceIds: [id],
      ShouldDecrementDesiredCapacity: false,
    });
    await f.cloud.clock.advance(10_000);
    expect(f.record().instances).toHaveLength(5);
    await f.send('ExitStandby', { AutoScalingGroupName: 'api', InstanceIds: [id] });
    await f.cloud.clock.advance(10_000);
    expect(f.inState('InService')).toHaveLength(5);
    expect(f.record().desiredCapacity).toBe(5);
  });

  it('does not check the health of what stands by', async () => {
    const f = setUp();
    await f.create();
    const id = f.record().instances[0]?.instanceId ?? '';
    await f.send('EnterStandby', {
      AutoScalingGroupName: 'api',
      InstanceIds: [id],
      ShouldDecrementDesiredCapacity: true,
    });
    await f.cloud.clock.advance(5_000);
    f.cloud.setInstance(id, 'stopped');
    await f.cloud.clock.advance(60_000);
    expect(f.inState('Standby')).toHaveLength(1);
  });

  it('refuses as AWS does', async () => {
    const f = setUp();
    await f.create({ MinSize: 4 });
    const ids = f.record().instances.map((i) => i.instanceId);
    const enter = (more: object) =>
      f.send('EnterStandby', { AutoScalingGroupName: 'api', ShouldDecrementDesiredCapacity: true, ...more });
    await expect(enter({ InstanceIds: [ids[0]] })).rejects.toThrow(
      'AutoScalingGroup api has min-size=4, max-size=20, and desired-size=4. To place into standby 1 instance, please update the AutoScalingGroup sizes appropriately.',
    );
    await expect(enter({ InstanceIds: ['i-other'] })).rejects.toThrow(
      'The instance i-other is not part of Auto Scaling group api.',
    );
    await expect(enter({ InstanceIds: Array.from({ length: 21 }, (_, n) => `i-${n}`) })).rejects.toThrow(
      'exceeds the limit of 20',
    );
    await expect(f.send('ExitStandby', { AutoScalingGroupName: 'api', InstanceIds: [ids[0]] })).rejects.toThrow(
      'is not in Standby',
    );
    await expect(enter({ AutoScalingGroupName: 'web', InstanceIds: [ids[0]] })).rejects.toMatchObject({
      code: 'ValidationError',
      message: 'AutoScalingGroup name not found - AutoScalingGroup: web not found',
    });
    await expect(
      f.send('TerminateInstanceInAutoScalingGroup', { InstanceId: ids[0], ShouldDecrementDesiredCapacity: true }),
    ).rejects.toThrow('Currently, desiredSize equals minSize (4).');
    expect(f.inState('InService')).toHaveLength(4);
  });

  it('ASG-SBY-02 refuses to bring an instance back above the maximum, and ends it from Standby on request', async () => {
    const f = setUp();
    await f.create({ MinSize: 2 });
    const id = f.record().instances[0]?.instanceId ?? '';
    await f.send('EnterStandby', {
      AutoScalingGroupName: 'api',
      InstanceIds: [id],
      ShouldDecrementDesiredCapacity: true,
    });
    await f.send('UpdateAutoScalingGroup', { AutoScalingGroupName: 'api', MinSize: 4, MaxSize: 4, DesiredCapacity: 4 });
    await f.cloud.clock.advance(10_000);
    await expect(f.send('ExitStandby', { AutoScalingGroupName: 'api', InstanceIds: [id] })).rejects.toMatchObject({
      code: 'ValidationError',
      message:
        'AutoScalingGroup api has min-size=4, max-size=4, and desired-size=4. To remove from standby 1 instance(s), please update the AutoScalingGroup sizes appropriately.',
    });
    expect(f.inState('Standby').map((i) => i.instanceId)).toEqual([id]);
    await f.send('TerminateInstanceInAutoScalingGroup', { InstanceId: id, ShouldDecrementDesiredCapacity: false });
    await f.cloud.clock.advance(10_000);
    expect(f.record()).toMatchObject({ desiredCapacity: 4 });
    expect(f.record().instances.map((i) => i.lifecycleState)).toEqual(Array(4).fill('InService'));
    expect(f.record().instances.map((i) => i.instanceId)).not.toContain(id);
  });

  it('terminates one instance on request and replaces it', async () => {
    const f = setUp();
    await f.create();
    const id = f.record().instances[0]?.instanceId;
    const { Activity } = await f.send('TerminateInstanceInAutoScalingGroup', {
      InstanceId: id,
      ShouldDecrementDesiredCapacity: false,
    });
    expect(Activity).toMatchObject({
      Description: `Terminating EC2 instance: ${id}`,
      StatusCode: 'WaitingForELBConnectionDraining',
    });
    await f.cloud.clock.advance(10_000);
    expect(f.inState('InService')).toHaveLength(4);
    expect(f.record().instances.map((i) => i.instanceId)).not.toContain(id);
  });

  it('ASG-INS-06 terminates several on request, and answers with an activity for each', async () => {
    const f = setUp();
    await f.create();
    const InstanceIds = f
      .record()
      .instances.slice(0, 2)
      .map((i) => i.instanceId);
    const answer = await f.send('TerminateInstanceInAutoScalingGroup', {
      AutoScalingGroupName: 'api',
      InstanceIds,
      ShouldDecrementDesiredCapacity: false,
    });
    expect(answer).toEqual({
      Activities: InstanceIds.map((id) => expect.objectContaining({ Description: `Terminating EC2 instance: ${id}` })),
    });
  });

  it('detaches an instance alive and attaches it again', async () => {
    const f = setUp();
    await f.create();
    const id = f.record().instances[0]?.instanceId ?? '';
    await f.send('DetachInstances', {
      AutoScalingGroupName: 'api',
      InstanceIds: [id],
      ShouldDecrementDesiredCapacity: true,
    });
    await f.cloud.clock.advance(5_000);
    expect(f.record().instances).toHaveLength(3);
    expect(f.cloud.state.instances[id]?.state).toBe('running');
    await f.send('AttachInstances', { AutoScalingGroupName: 'api', InstanceIds: [id] });
    await f.cloud.clock.advance(5_000);
    expect(f.record().desiredCapacity).toBe(4);
    expect(f.inState('InService')).toHaveLength(4);
    expect(f.cloud.targets.state(arn, id)).toBe('healthy');
    await expect(f.send('AttachInstances', { AutoScalingGroupName: 'api', InstanceIds: [id] })).rejects.toThrow(
      'already part of',
    );
  });
});
