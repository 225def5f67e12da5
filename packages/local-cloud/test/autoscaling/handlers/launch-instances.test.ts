import { describe, expect, it } from 'vitest';
import { type Fixture, setUp } from '../support.ts';

async function group(): Promise<Fixture> {
  const f = setUp();
  await f.create({ MaxSize: 8 });
  return f;
}

const launch = (f: Fixture, more: object = {}) =>
  f.send('LaunchInstances', {
    AutoScalingGroupName: 'api',
    RequestedCapacity: 2,
    AvailabilityZones: ['eu-west-1b'],
    ClientToken: 'token-1',
    ...more,
  });

describe('LaunchInstances', () => {
  it('answers with the instances it has launched, and raises the desired capacity', async () => {
    const f = await group();
    await f.send('SuspendProcesses', { AutoScalingGroupName: 'api', ScalingProcesses: ['AZRebalance'] });
    const answer = await launch(f);
    const [{ InstanceIds, ...where }] = answer.Instances;
    expect(answer).toMatchObject({ AutoScalingGroupName: 'api', ClientToken: 'token-1', Errors: [] });
    expect(where).toEqual({
      AvailabilityZone: 'eu-west-1b',
      AvailabilityZoneId: 'euw1-az2',
      SubnetId: f.cloud.context.region.subnets['eu-west-1b'],
      InstanceType: 't3.micro',
      MarketType: 'OnDemand',
    });
    expect(f.record().desiredCapacity).toBe(6);
    expect(f.inState('Pending').map((i) => i.instanceId)).toEqual(InstanceIds);
    await f.cloud.clock.advance(5_000);
    expect(f.inState('InService')).toHaveLength(6);
    expect((await f.causes())[0]).toContain('in response to a user request to launch instances');
  });

  it('answers the same again to the same token, and refuses it for another request', async () => {
    const f = await group();
    const first = await launch(f);
    expect(await launch(f)).toEqual(first);
    expect(f.record().desiredCapacity).toBe(6);
    await expect(launch(f, { RequestedCapacity: 1 })).rejects.toMatchObject({ code: 'IdempotentParameterMismatch' });
    await f.restart();
    expect(await launch(f)).toEqual(first);
    await f.cloud.clock.advance(9 * 3_600_000);
    expect((await launch(f)).Instances[0].InstanceIds).not.toEqual(first.Instances[0].InstanceIds);
  });

  it('tells of a launch that was refused, and leaves the group as it was', async () => {
    const f = await group();
    f.cloud.launchError = 'no room';
    const answer = await launch(f);
    expect(answer.Instances).toEqual([]);
    expect(answer.Errors).toMatchObject([
      { ErrorCode: 'InsufficientInstanceCapacity', ErrorMessage: 'no room', AvailabilityZone: 'eu-west-1b' },
    ]);
    expect(f.record().desiredCapacity).toBe(4);
  });

  it('leaves a refused launch to the group when told to', async () => {
    const f = await group();
    f.cloud.launchError = 'no room';
    await launch(f, { RetryStrategy: 'retry-with-group-configuration' });
    expect(f.record().desiredCapacity).toBe(6);
    f.cloud.launchError = undefined;
    await f.cloud.clock.advance(10_000);
    expect(f.inState('InService')).toHaveLength(6);
  });

  it.each([
    ['no capacity', { RequestedCapacity: 0 }, 'between 1 and 100, but is 0'],
    ['too much', { RequestedCapacity: 101 }, 'between 1 and 100, but is 101'],
    ['more than the maximum size', { RequestedCapacity: 5 }, 'To launch 5 instance(s)'],
    ['no place in a group of several', { AvailabilityZones: [] }, 'Groups with several Availability Zones need one'],
    ['two zones', { AvailabilityZones: ['eu-west-1a', 'eu-west-1b'] }, 'Only one entry is allowed'],
    ['a zone that the group has not got', { AvailabilityZones: ['us-east-1a'] }, 'does not use the Availability Zone'],
    ['a zone by name and by id', { AvailabilityZoneIds: ['euw1-az2'] }, 'cannot both be specified'],
    ['another strategy', { RetryStrategy: 'hope' }, 'Invalid RetryStrategy: hope'],
  ])('refuses %s', async (_what, more, message) => {
    const f = await group();
    await expect(launch(f, more)).rejects.toThrow(message);
    expect(f.ids()).toHaveLength(4);
  });

  it('refuses while Launch is suspended', async () => {
    const f = await group();
    await f.send('SuspendProcesses', { AutoScalingGroupName: 'api', ScalingProcesses: ['Launch'] });
    await expect(launch(f)).rejects.toThrow('is suspended');
  });
});
