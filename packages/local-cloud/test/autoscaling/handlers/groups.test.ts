import { describe, expect, it } from 'vitest';
import { type Fixture, setUp } from '../support.ts';

const AutoScalingGroupName = 'api';

async function group(more: object = {}): Promise<Fixture> {
  const f = setUp();
  await f.create(more);
  return f;
}

describe('operations of groups', () => {
  it('take zones by id, and show names and ids', async () => {
    const f = await group({ AvailabilityZones: undefined, AvailabilityZoneIds: ['euw1-az3', 'euw1-az1'] });
    expect(await f.group()).toMatchObject({
      AvailabilityZones: ['eu-west-1a', 'eu-west-1c'],
      AvailabilityZoneIds: ['euw1-az1', 'euw1-az3'],
    });
    const [one] = (await f.group()).Instances ?? [];
    expect(one).toMatchObject({ AvailabilityZoneId: expect.stringMatching(/^euw1-az[13]$/), ImageId: 'ami-1' });
    const update = (more: object) => f.send('UpdateAutoScalingGroup', { AutoScalingGroupName, ...more });
    await expect(update({ AvailabilityZoneIds: ['euw1-az9'] })).rejects.toThrow(
      'Invalid availability zone ID: euw1-az9',
    );
    await expect(update({ AvailabilityZoneIds: ['euw1-az1'], AvailabilityZones: ['eu-west-1a'] })).rejects.toThrow(
      'cannot specify both',
    );
  });

  it('honor the cooldown when told to', async () => {
    const f = await group({ DefaultCooldown: 60 });
    const set = (DesiredCapacity: number, HonorCooldown: boolean) =>
      f.send('SetDesiredCapacity', { AutoScalingGroupName, DesiredCapacity, HonorCooldown });
    await set(5, true);
    await expect(set(6, true)).rejects.toMatchObject({ code: 'ScalingActivityInProgress' });
    await set(6, false);
    await f.cloud.clock.advance(60_000);
    await set(7, true);
    expect(f.record().desiredCapacity).toBe(7);
  });

  it('refuse changes of a group that is being deleted', async () => {
    const f = await group();
    await f.send('DeleteAutoScalingGroup', { AutoScalingGroupName, ForceDelete: true });
    expect((await f.group()).Status).toBe('Delete in progress');
    const pending = 'The AutoScaling group may not be modified while it is pending delete';
    await expect(f.send('UpdateAutoScalingGroup', { AutoScalingGroupName, MinSize: 0 })).rejects.toThrow(pending);
    await expect(f.send('LaunchInstances', { AutoScalingGroupName, RequestedCapacity: 1 })).rejects.toThrow(pending);
  });

  it('hold 500 groups and no more', async () => {
    const f = setUp();
    const create = (n: number) =>
      f.send('CreateAutoScalingGroup', {
        AutoScalingGroupName: `g${n}`,
        LaunchTemplate: { LaunchTemplateId: 'lt-1' },
        MinSize: 0,
        MaxSize: 0,
        AvailabilityZones: ['eu-west-1a'],
      });
    for (let n = 0; n < 500; n++) await create(n);
    await expect(create(500)).rejects.toMatchObject({ code: 'LimitExceeded' });
    const limits = await f.send('DescribeAccountLimits', {});
    expect(limits).toMatchObject({ MaxNumberOfAutoScalingGroups: 500, NumberOfAutoScalingGroups: 500 });
  });

  it('refuse times below zero', async () => {
    const f = await group();
    const update = (more: object) => f.send('UpdateAutoScalingGroup', { AutoScalingGroupName, MaxSize: 9, ...more });
    await expect(update({ DefaultCooldown: -1 })).rejects.toThrow('DefaultCooldown must not be negative, but is -1');
    await expect(update({ HealthCheckGracePeriod: -1 })).rejects.toThrow('HealthCheckGracePeriod must not be negative');
    expect(f.record().maxSize).toBe(20);
  });

  it('filter by key, value and pair of tags', async () => {
    const f = await group({ Tags: [{ Key: 'app', Value: 'api' }] });
    const found = async (...Filters: object[]) =>
      (await f.send('DescribeAutoScalingGroups', { Filters })).AutoScalingGroups.length;
    expect(await found({ Name: 'tag-key', Values: ['app', 'x'] }, { Name: 'tag-value', Values: ['api'] })).toBe(1);
    expect(await found({ Name: 'tag:app', Values: ['web'] })).toBe(0);
    await expect(found({ Name: 'name', Values: ['api'] })).rejects.toThrow('Filter type name is not correct');
    await expect(f.send('DescribeAutoScalingGroups', { MaxRecords: 101 })).rejects.toThrow('between 1 and 100');
  });

  it('refuse what this cloud has not got, rather than ignore it', async () => {
    const f = await group();
    const update = (more: object) => f.send('UpdateAutoScalingGroup', { AutoScalingGroupName, ...more });
    await expect(update({ PlacementGroup: 'p' })).rejects.toThrow('PlacementGroup is not supported');
    await expect(update({ LaunchConfigurationName: 'lc' })).rejects.toThrow('LaunchConfigurationName is not supported');
    const source = { TrafficSources: [{ Identifier: 'arn', Type: 'vpc-lattice' }] };
    await expect(f.send('AttachTrafficSources', { AutoScalingGroupName, ...source })).rejects.toThrow(
      'type vpc-lattice',
    );
  });
});
