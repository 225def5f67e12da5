import { expect, test } from 'vitest';
import { account } from '../../../src/settings.ts';
import { settled, setUp } from '../support.ts';

const found = async (
  cloud: ReturnType<typeof setUp>,
  Filters: { Name: string; Values: string[] }[],
): Promise<string[]> => {
  const { Reservations } = await cloud.send('DescribeInstances', { Filters });
  return Reservations.flatMap((one: { Instances: { InstanceId: string }[] }) => one.Instances.map((i) => i.InstanceId));
};

test('filters select by state, image, address, tags and zone, with wildcards', async () => {
  const cloud = setUp();
  const tag = (Value: string) => ({
    TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'app', Value }] }],
  });
  const [a = ''] = await cloud.run(1, tag('api'));
  const [b = ''] = await cloud.run(1, { ...tag('api-next'), Placement: { AvailabilityZone: 'eu-west-1b' } });
  const [c = ''] = await cloud.run();
  await cloud.send('StopInstances', { InstanceIds: [b] });
  await cloud.clock.advance(settled);
  const filter = (Name: string, ...Values: string[]) => found(cloud, [{ Name, Values }]);
  expect(await filter('tag:app', 'api')).toEqual([a]);
  expect(await filter('tag:app', 'api*')).toEqual([a, b]);
  expect(await filter('tag:app', 'ap?')).toEqual([a]);
  expect(await filter('tag-key', 'app')).toEqual([a, b]);
  expect(await filter('instance-state-name', 'stopped', 'pending')).toEqual([b]);
  expect(await filter('instance-id', a, c)).toEqual([a, c]);
  expect(await filter('private-ip-address', '127.9.16.3')).toEqual([c]);
  expect(await filter('availability-zone', 'eu-west-1b')).toEqual([b]);
  expect(await filter('image-id', account.baseImageId)).toEqual([a, b, c]);
  expect(
    await found(cloud, [
      { Name: 'tag:app', Values: ['api*'] },
      { Name: 'instance-state-name', Values: ['running'] },
    ]),
  ).toEqual([a]);
  expect(await cloud.code('DescribeInstances', { Filters: [{ Name: 'color', Values: ['red'] }] })).toBe(
    'InvalidParameterValue',
  );
  expect(await cloud.code('DescribeInstances', { Filters: [{ Name: 'constructor', Values: ['x'] }] })).toBe(
    'InvalidParameterValue',
  );
});

test('pages hold instances, not reservations, and lose nobody when an instance goes meanwhile', async () => {
  const cloud = setUp();
  const ids = await cloud.run(12);
  const first = await cloud.send('DescribeInstances', { MaxResults: 5 });
  const got = first.Reservations[0].Instances.map((one: { InstanceId: string }) => one.InstanceId);
  expect(got).toEqual(ids.slice(0, 5));
  delete cloud.state.instances[ids[4] ?? ''];
  delete cloud.state.instances[ids[6] ?? ''];
  const second = await cloud.send('DescribeInstances', { MaxResults: 5, NextToken: first.NextToken });
  const third = await cloud.send('DescribeInstances', { MaxResults: 5, NextToken: second.NextToken });
  const rest = [second, third].flatMap((page) =>
    page.Reservations[0].Instances.map((one: { InstanceId: string }) => one.InstanceId),
  );
  expect(rest).toEqual([ids[5], ...ids.slice(7)]);
  expect(third.NextToken).toBeUndefined();
  expect(await cloud.code('DescribeInstances', { MaxResults: 3 })).toBe('InvalidParameterValue');
  expect(await cloud.code('DescribeInstances', { MaxResults: 5, NextToken: 'bogus' })).toBe('InvalidNextToken');
  expect(await cloud.code('DescribeInstances', { MaxResults: 5, InstanceIds: [ids[0]] })).toBe(
    'InvalidParameterCombination',
  );
});

test('the status of running instances only, unless all are requested', async () => {
  const cloud = setUp();
  const [a = '', b = ''] = await cloud.run(2);
  await cloud.send('StopInstances', { InstanceIds: [b] });
  const running = await cloud.send('DescribeInstanceStatus');
  expect(running.InstanceStatuses).toMatchObject([{ InstanceId: a, SystemStatus: { Status: 'ok' } }]);
  const all = await cloud.send('DescribeInstanceStatus', { IncludeAllInstances: true });
  expect(all.InstanceStatuses).toHaveLength(2);
});

test('the console is base64, and outlives the machine', async () => {
  const cloud = setUp();
  const [id = ''] = await cloud.run();
  const output = async () =>
    Buffer.from((await cloud.send('GetConsoleOutput', { InstanceId: id })).Output, 'base64').toString();
  expect(await output()).toContain('BEGIN SSH HOST KEY KEYS');
  await cloud.send('TerminateInstances', { InstanceIds: [id] });
  await cloud.clock.advance(settled);
  expect(await output()).toContain('BEGIN SSH HOST KEY KEYS');
});

test('attributes of an instance', async () => {
  const cloud = setUp();
  const [id = ''] = await cloud.run();
  const { GroupId } = await cloud.send('CreateSecurityGroup', { GroupName: 'web', Description: 'web' });
  await cloud.send('ModifyInstanceAttribute', { InstanceId: id, Groups: [GroupId] });
  expect((await cloud.instance(id)).SecurityGroups).toEqual([{ GroupId, GroupName: 'web' }]);
  await cloud.send('ModifyInstanceAttribute', { InstanceId: id, Attribute: 'disableApiTermination', Value: 'true' });
  expect(
    await cloud.send('DescribeInstanceAttribute', { InstanceId: id, Attribute: 'disableApiTermination' }),
  ).toMatchObject({
    DisableApiTermination: { Value: true },
  });
  await cloud.send('StopInstances', { InstanceIds: [id] });
  await cloud.clock.advance(settled);
  await cloud.send('ModifyInstanceAttribute', { InstanceId: id, UserData: { Value: Buffer.from('hello') } });
  expect(cloud.state.instances[id]?.userData).toBe(Buffer.from('hello').toString('base64'));
  expect(await cloud.code('ModifyInstanceAttribute', { InstanceId: id })).toBe('InvalidParameterCombination');
  expect(await cloud.code('DescribeInstanceAttribute', { InstanceId: id, Attribute: 'color' })).toBe(
    'InvalidParameterValue',
  );
});

test('instance types, zones, subnets and the VPC are there to be read', async () => {
  const cloud = setUp();
  const { InstanceTypes } = await cloud.send('DescribeInstanceTypes', { InstanceTypes: ['m5.large'] });
  expect(InstanceTypes[0]).toMatchObject({ VCpuInfo: { DefaultVCpus: 2 }, MemoryInfo: { SizeInMiB: 8192 } });
  expect(await cloud.code('DescribeInstanceTypes', { InstanceTypes: ['x9.none'] })).toBe('InvalidInstanceType');
  expect((await cloud.send('DescribeAvailabilityZones')).AvailabilityZones).toHaveLength(3);
  const { Subnets } = await cloud.send('DescribeSubnets', { Filters: [{ Name: 'availability-zone', Values: ['*b'] }] });
  expect(Subnets).toMatchObject([{ SubnetId: account.subnets['eu-west-1b'], VpcId: account.vpcId }]);
  expect((await cloud.send('DescribeVpcs', { Filters: [{ Name: 'isDefault', Values: ['true'] }] })).Vpcs).toHaveLength(
    1,
  );
  expect(await cloud.code('DescribeVpcs', { VpcIds: ['vpc-1'] })).toBe('InvalidVpcID.NotFound');
  const Filters = [{ Name: 'region-name', Values: ['eu-west-*'] }];
  const { Regions } = await cloud.send('DescribeRegions', { Filters });
  expect(Regions.map((one: { RegionName: string }) => one.RegionName)).toEqual(['eu-west-1', 'eu-west-2', 'eu-west-3']);
  expect(await cloud.code('DescribeRegions', { RegionNames: ['eu-west-9'] })).toBe('InvalidParameterValue');
});
