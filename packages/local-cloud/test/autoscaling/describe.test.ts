import { describe, expect, it } from 'vitest';
import { arn, setUp } from './support.ts';

async function three() {
  const f = setUp();
  for (const name of ['a', 'b', 'c']) {
    await f.send('CreateAutoScalingGroup', {
      AutoScalingGroupName: name,
      LaunchTemplate: { LaunchTemplateId: 'lt-1' },
      MinSize: 0,
      MaxSize: 3,
      DesiredCapacity: name === 'a' ? 2 : 0,
      AvailabilityZones: ['eu-west-1a'],
      Tags: [{ Key: 'app', Value: name, PropagateAtLaunch: true }],
    });
  }
  await f.cloud.clock.advance(5_000);
  return f;
}

describe('descriptions', () => {
  it('page through groups and filter by tag', async () => {
    const f = await three();
    const names = (answer: { AutoScalingGroups: { AutoScalingGroupName: string }[] }) =>
      answer.AutoScalingGroups.map((g) => g.AutoScalingGroupName);
    const first = await f.send('DescribeAutoScalingGroups', { MaxRecords: 2 });
    expect(names(first)).toEqual(['a', 'b']);
    const second = await f.send('DescribeAutoScalingGroups', { MaxRecords: 2, NextToken: first.NextToken });
    expect(names(second)).toEqual(['c']);
    expect(second.NextToken).toBeUndefined();
    await expect(f.send('DescribeAutoScalingGroups', { NextToken: 'x' })).rejects.toMatchObject({
      code: 'InvalidNextToken',
    });
    expect(names(await f.send('DescribeAutoScalingGroups', { Filters: [{ Name: 'tag:app', Values: ['b'] }] }))).toEqual(
      ['b'],
    );
    const lean = await f.send('DescribeAutoScalingGroups', { AutoScalingGroupNames: ['a'], IncludeInstances: false });
    expect(lean.AutoScalingGroups[0].Instances).toEqual([]);
  });

  it('show instances by id, with their health in capitals', async () => {
    const f = await three();
    const { AutoScalingInstances } = await f.send('DescribeAutoScalingInstances', {});
    expect(AutoScalingInstances).toHaveLength(2);
    expect(AutoScalingInstances[0]).toMatchObject({
      AutoScalingGroupName: 'a',
      HealthStatus: 'HEALTHY',
      LifecycleState: 'InService',
      ImageId: 'ami-1',
    });
    const id = AutoScalingInstances[1].InstanceId;
    expect((await f.send('DescribeAutoScalingInstances', { InstanceIds: [id] })).AutoScalingInstances).toHaveLength(1);
  });

  it('keep the activities of deleted groups for those who ask', async () => {
    const f = await three();
    await f.send('DeleteAutoScalingGroup', { AutoScalingGroupName: 'a', ForceDelete: true });
    await f.cloud.clock.advance(5_000);
    expect((await f.send('DescribeScalingActivities', {})).Activities).toEqual([]);
    const { Activities } = await f.send('DescribeScalingActivities', {
      AutoScalingGroupName: 'a',
      IncludeDeletedGroups: true,
    });
    expect(Activities).toHaveLength(4);
    expect(
      Activities.every(
        (a: { StatusCode: string; Progress: number }) => a.StatusCode === 'Successful' && a.Progress === 100,
      ),
    ).toBe(true);
  });

  it('create, change and delete tags', async () => {
    const f = await three();
    const tag = { ResourceId: 'b', ResourceType: 'auto-scaling-group', Key: 'app' };
    await f.send('CreateOrUpdateTags', { Tags: [{ ...tag, Value: 'new', PropagateAtLaunch: false }] });
    const { Tags } = await f.send('DescribeTags', { Filters: [{ Name: 'auto-scaling-group', Values: ['b'] }] });
    expect(Tags).toEqual([{ ...tag, Value: 'new', PropagateAtLaunch: false }]);
    await f.send('DeleteTags', { Tags: [tag] });
    expect((await f.send('DescribeTags', { Filters: [{ Name: 'auto-scaling-group', Values: ['b'] }] })).Tags).toEqual(
      [],
    );
  });

  it('attach and detach target groups of running members', async () => {
    const f = await three();
    await f.send('AttachTrafficSources', { AutoScalingGroupName: 'a', TrafficSources: [{ Identifier: arn }] });
    const { TrafficSources } = await f.send('DescribeTrafficSources', { AutoScalingGroupName: 'a' });
    expect(TrafficSources).toEqual([{ TrafficSource: arn, Identifier: arn, Type: 'elbv2', State: 'Added' }]);
    const [id] = f.cloud.state.groups.a?.instances.map((i) => i.instanceId) ?? [];
    expect(f.cloud.targets.state(arn, id ?? '')).toBe('initial');
    await f.send('DetachLoadBalancerTargetGroups', { AutoScalingGroupName: 'a', TargetGroupARNs: [arn] });
    expect(f.cloud.targets.state(arn, id ?? '')).toBe('draining');
    expect(
      (await f.send('DescribeLoadBalancerTargetGroups', { AutoScalingGroupName: 'a' })).LoadBalancerTargetGroups,
    ).toEqual([]);
    await expect(
      f.send('AttachLoadBalancerTargetGroups', { AutoScalingGroupName: 'a', TargetGroupARNs: ['arn:none'] }),
    ).rejects.toThrow('Provided Target Groups may not be valid.');
  });

  it('know the processes, and answer none for what groups never have', async () => {
    const f = await three();
    expect((await f.send('DescribeScalingProcessTypes', {})).Processes).toHaveLength(9);
    expect(await f.send('DescribeLifecycleHooks', { AutoScalingGroupName: 'a' })).toEqual({ LifecycleHooks: [] });
    await expect(
      f.send('SuspendProcesses', { AutoScalingGroupName: 'a', ScalingProcesses: ['Sleep'] }),
    ).rejects.toThrow('Invalid Scaling Process: Sleep');
  });

  it.each([
    [{ AutoScalingGroupName: 'a' }, 'AlreadyExists'],
    [{ MinSize: 5 }, 'ValidationError'],
    [{ DesiredCapacity: 9 }, 'ValidationError'],
    [{ LaunchTemplate: { LaunchTemplateId: 'lt-none' } }, 'ValidationError'],
    [{ LaunchTemplate: undefined }, 'ValidationError'],
    [{ AvailabilityZones: [] }, 'ValidationError'],
    [{ VPCZoneIdentifier: 'subnet-1' }, 'ValidationError'],
    [{ AutoScalingGroupName: 'a:b' }, 'ValidationError'],
    [{ LaunchConfigurationName: 'lc' }, 'ValidationError'],
    [{ HealthCheckType: 'DNS' }, 'ValidationError'],
    [{ Tags: [{ Key: 'aws:x', Value: '' }] }, 'ValidationError'],
  ])('refuse to create %j', async (more, code) => {
    const f = await three();
    const request = {
      AutoScalingGroupName: 'd',
      LaunchTemplate: { LaunchTemplateId: 'lt-1' },
      MinSize: 0,
      MaxSize: 3,
      AvailabilityZones: ['eu-west-1a'],
      ...more,
    };
    await expect(f.send('CreateAutoScalingGroup', request)).rejects.toMatchObject({ code });
    expect(Object.keys(f.cloud.state.groups)).toEqual(['a', 'b', 'c']);
  });
});
