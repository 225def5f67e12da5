import { describe, expect, it } from 'vitest';
import { arn, setUp } from './support.ts';

describe('capacity of a group', () => {
  it('launches up to the desired capacity, spread over zones, and registers what runs', async () => {
    const f = setUp();
    await f.send('CreateAutoScalingGroup', {
      AutoScalingGroupName: 'api',
      LaunchTemplate: { LaunchTemplateName: 'lt-1-name' },
      MinSize: 1,
      MaxSize: 9,
      DesiredCapacity: 6,
      VPCZoneIdentifier: 'subnet-0a0a0a0a0a0a0a0a1, subnet-0a0a0a0a0a0a0a0a2',
      TargetGroupARNs: [arn],
      Tags: [
        { Key: 'app', Value: 'api', PropagateAtLaunch: true },
        { Key: 'own', Value: 'x', PropagateAtLaunch: false },
      ],
    });
    await f.cloud.clock.advance(500);
    expect(f.inState('Pending')).toHaveLength(6);
    expect((await f.causes())[0]).toMatch(
      /^Launching a new EC2 instance: i-.* \| At .*Z an instance was started .*from 5 to 6\.$/,
    );
    await f.cloud.clock.advance(600);
    expect(f.inState('InService')).toHaveLength(6);
    const group = await f.group();
    expect(group).toMatchObject({
      AvailabilityZones: ['eu-west-1a', 'eu-west-1b'],
      LaunchTemplate: { LaunchTemplateId: 'lt-1', LaunchTemplateName: 'lt-1-name', Version: '$Default' },
      HealthCheckGracePeriod: 0,
      DefaultCooldown: 300,
      TerminationPolicies: ['Default'],
    });
    const zones = group.Instances?.map((i) => i.AvailabilityZone).sort();
    expect(zones).toEqual([...Array(3).fill('eu-west-1a'), ...Array(3).fill('eu-west-1b')]);
    expect(f.cloud.launched[0]?.tags).toEqual({
      app: 'api',
      'aws:autoscaling:groupName': 'api',
    });
    expect(f.cloud.traffic).toHaveLength(6);
  });

  it('outlives a slip in a number: what EC2 refuses is tried again later', async () => {
    const f = setUp();
    f.cloud.launchError = 'your current instance limit';
    const MinSize = 2 ** 31 - 1;
    const LaunchTemplate = { LaunchTemplateName: 'lt-1-name' };
    const AvailabilityZones = ['eu-west-1a'];
    await f.send('CreateAutoScalingGroup', {
      ...{ AutoScalingGroupName: 'api', LaunchTemplate, AvailabilityZones, MinSize, MaxSize: MinSize },
    });
    await f.cloud.clock.advance(60_000);
    expect((await f.causes()).length).toBeGreaterThan(2);
    expect(f.record()).toMatchObject({ desiredCapacity: MinSize, instances: [] });
  });

  it('drains before it terminates on a scale-in', async () => {
    const f = setUp();
    await f.create();
    await f.send('SetDesiredCapacity', { AutoScalingGroupName: 'api', DesiredCapacity: 3 });
    await f.cloud.clock.advance(1_000);
    const [victim] = f.inState('Terminating');
    expect(f.cloud.targets.state(arn, victim?.instanceId ?? '')).toBe('draining');
    expect(f.cloud.state.instances[victim?.instanceId ?? '']?.state).toBe('running');
    await f.cloud.clock.advance(3_000);
    expect(f.record().instances).toHaveLength(3);
    expect(f.cloud.state.instances[victim?.instanceId ?? '']?.state).toBe('terminated');
    expect((await f.causes())[0]).toContain('shrinking the capacity from 4 to 3');
  });

  it('never ends protected instances on a scale-in, and takes the oldest template version first', async () => {
    const f = setUp();
    await f.create({ AvailabilityZones: ['eu-west-1a'], DesiredCapacity: 2 });
    await f.send('UpdateAutoScalingGroup', {
      AutoScalingGroupName: 'api',
      LaunchTemplate: { LaunchTemplateId: 'lt-1', Version: '2' },
      DesiredCapacity: 4,
    });
    await f.cloud.clock.advance(10_000);
    expect(f.versions()).toEqual([1, 1, 2, 2]);
    const [first] = f.record().instances;
    await f.send('SetInstanceProtection', {
      AutoScalingGroupName: 'api',
      InstanceIds: [first?.instanceId],
      ProtectedFromScaleIn: true,
    });
    await f.send('SetDesiredCapacity', { AutoScalingGroupName: 'api', DesiredCapacity: 2 });
    await f.cloud.clock.advance(10_000);
    expect(f.versions()).toEqual([1, 2]);
    expect(f.record().instances[0]).toBe(first);
    await f.send('SetDesiredCapacity', { AutoScalingGroupName: 'api', DesiredCapacity: 0 });
    await f.cloud.clock.advance(10_000);
    expect(f.record().instances).toEqual([first]);
  });

  it('moves the desired capacity into new bounds and refuses one outside of them', async () => {
    const f = setUp();
    await f.create({ MinSize: 2, MaxSize: 6 });
    await expect(
      f.send('SetDesiredCapacity', { AutoScalingGroupName: 'api', DesiredCapacity: 7 }),
    ).rejects.toMatchObject({
      code: 'ValidationError',
      message: 'New SetDesiredCapacity value 7 is above max value 6 for the AutoScalingGroup.',
    });
    await f.send('UpdateAutoScalingGroup', { AutoScalingGroupName: 'api', MinSize: 5 });
    expect(f.record().desiredCapacity).toBe(5);
    await f.send('UpdateAutoScalingGroup', { AutoScalingGroupName: 'api', MinSize: 1, MaxSize: 3 });
    expect(f.record().desiredCapacity).toBe(3);
    await f.cloud.clock.advance(10_000);
    expect(f.inState('InService')).toHaveLength(3);
  });

  it('waits longer after each failed launch, and says why it failed', async () => {
    const f = setUp();
    f.cloud.launchError = 'no capacity';
    await f.create({ DesiredCapacity: 1 });
    const failed = (await f.causes()).filter((c) =>
      c.includes('Status Reason: no capacity. Launching EC2 instance failed.'),
    );
    // Each of the four tries was made in every zone.
    expect(failed).toHaveLength(4 * 3);
    f.cloud.launchError = undefined;
    await f.cloud.clock.advance(10_000);
    expect(f.inState('InService')).toHaveLength(1);
  });

  it('does nothing that is suspended', async () => {
    const f = setUp();
    await f.create();
    await f.send('SuspendProcesses', { AutoScalingGroupName: 'api', ScalingProcesses: ['Launch', 'Terminate'] });
    await f.send('SetDesiredCapacity', { AutoScalingGroupName: 'api', DesiredCapacity: 6 });
    await f.cloud.clock.advance(5_000);
    expect(f.record().instances).toHaveLength(4);
    await f.send('SetDesiredCapacity', { AutoScalingGroupName: 'api', DesiredCapacity: 2 });
    await f.cloud.clock.advance(5_000);
    expect(f.record().instances).toHaveLength(4);
    expect((await f.group()).SuspendedProcesses?.map((p) => p.ProcessName)).toEqual(['Launch', 'Terminate']);
    await f.send('ResumeProcesses', { AutoScalingGroupName: 'api', ScalingProcesses: ['Terminate'] });
    await f.cloud.clock.advance(5_000);
    expect(f.record().instances).toHaveLength(2);
    expect((await f.group()).SuspendedProcesses?.map((p) => p.ProcessName)).toEqual(['Launch']);
  });

  it('leaves the balancer alone while AddToLoadBalancer is suspended', async () => {
    const f = setUp();
    await f.create({ DesiredCapacity: 0 });
    await f.send('SuspendProcesses', { AutoScalingGroupName: 'api', ScalingProcesses: ['AddToLoadBalancer'] });
    await f.send('SetDesiredCapacity', { AutoScalingGroupName: 'api', DesiredCapacity: 1 });
    await f.cloud.clock.advance(5_000);
    expect(f.inState('InService')).toHaveLength(1);
    expect(f.cloud.traffic).toEqual([]);
  });

  it('deletes a group only when it is empty, or by force with all its instances', async () => {
    const f = setUp();
    await f.create();
    await expect(f.send('DeleteAutoScalingGroup', { AutoScalingGroupName: 'api' })).rejects.toMatchObject({
      code: 'ResourceInUse',
    });
    await f.send('DeleteAutoScalingGroup', { AutoScalingGroupName: 'api', ForceDelete: true });
    expect((await f.group()).Status).toBe('Delete in progress');
    await f.cloud.clock.advance(5_000);
    expect(f.record()).toBeUndefined();
    expect(Object.values(f.cloud.state.instances).every((i) => i.state === 'terminated')).toBe(true);
  });

  it('keeps 350 instances with a bounded number of passes', async () => {
    const f = setUp();
    await f.create({ DesiredCapacity: 350, MaxSize: 400 });
    expect(f.inState('InService')).toHaveLength(350);
    const before = process.cpuUsage();
    await f.startRefresh('2', { MinHealthyPercentage: 90, MaxHealthyPercentage: 110 });
    await f.cloud.clock.advance(60_000);
    expect((await f.refresh()).Status).toBe('Successful');
    expect(f.versions()).toEqual(Array(350).fill(2));
    // Processor time: what other processes take does not count.
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(15_000);
  });

  it('takes up what was in progress after a restart', async () => {
    const f = setUp();
    await f.create();
    await f.send('SetDesiredCapacity', { AutoScalingGroupName: 'api', DesiredCapacity: 3 });
    await f.cloud.clock.advance(100);
    expect(f.inState('Terminating')).toHaveLength(1);
    const { createAutoScalingService } = await import('../../src/autoscaling/service.ts');
    f.service.stop();
    createAutoScalingService(f.cloud.context, f.cloud).start();
    await f.cloud.clock.advance(5_000);
    expect(f.record().instances).toHaveLength(3);
  });
});
