import { expect, test } from 'vitest';
import { account } from '../../../src/settings.ts';
import { settled, setUp } from '../support.ts';

const base = { ImageId: account.baseImageId, MinCount: 1, MaxCount: 1 };
const tags = (list: Record<string, string>, ResourceType = 'instance') => [
  { ResourceType, Tags: Object.entries(list).map(([Key, Value]) => ({ Key, Value })) },
];

test('a launch from a template takes its data, with the request’s own values over it', async () => {
  const cloud = setUp();
  await cloud.send('CreateKeyPair', { KeyName: 'k', KeyType: 'ed25519' });
  const { GroupId } = await cloud.send('CreateSecurityGroup', { GroupName: 'web', Description: 'web' });
  const { LaunchTemplate } = await cloud.send('CreateLaunchTemplate', {
    LaunchTemplateName: 'api',
    LaunchTemplateData: {
      ImageId: account.baseImageId,
      InstanceType: 'm5.large',
      KeyName: 'k',
      SecurityGroupIds: [GroupId],
      UserData: Buffer.from('#!/bin/sh').toString('base64'),
      IamInstanceProfile: { Name: 'deployer' },
      TagSpecifications: [...tags({ app: 'api', env: 'x' }), ...tags({ app: 'api' }, 'volume')],
    },
  });
  const { Instances } = await cloud.send('RunInstances', {
    MinCount: 1,
    MaxCount: 1,
    InstanceType: 'c5.large',
    SubnetId: '',
    UserData: '',
    Placement: { AvailabilityZone: 'eu-west-1b' },
    LaunchTemplate: { LaunchTemplateName: 'api', Version: '$Latest' },
    TagSpecifications: tags({ env: 'y' }),
  });
  const [instance] = Instances;
  expect(instance).toMatchObject({
    ImageId: account.baseImageId,
    InstanceType: 'c5.large',
    KeyName: 'k',
    SecurityGroups: [{ GroupId, GroupName: 'web' }],
    SubnetId: account.subnets['eu-west-1b'],
    IamInstanceProfile: { Arn: `arn:aws:iam::${account.id}:instance-profile/deployer` },
    Tags: [
      { Key: 'app', Value: 'api' },
      { Key: 'aws:ec2launchtemplate:id', Value: LaunchTemplate.LaunchTemplateId },
      { Key: 'aws:ec2launchtemplate:version', Value: '1' },
      { Key: 'env', Value: 'y' },
    ],
  });
  expect(cloud.state.instances[instance.InstanceId]?.launchTemplate).toEqual({
    id: LaunchTemplate.LaunchTemplateId,
    version: 1,
  });
  const userData = await cloud.send('DescribeInstanceAttribute', {
    InstanceId: instance.InstanceId,
    Attribute: 'userData',
  });
  expect(Buffer.from(userData.UserData.Value, 'base64').toString()).toBe('#!/bin/sh');
  const { Volumes } = await cloud.send('DescribeVolumes', {
    Filters: [{ Name: 'attachment.instance-id', Values: [instance.InstanceId] }],
  });
  expect(Volumes[0].Tags).toEqual([{ Key: 'app', Value: 'api' }]);
});

test('a client token gives the same reservation again, and refuses another request', async () => {
  const cloud = setUp();
  const input = { ...base, MinCount: 2, MaxCount: 2, ClientToken: 'once' };
  const first = await cloud.send('RunInstances', input);
  await cloud.clock.advance(settled);
  const again = await cloud.send('RunInstances', { ...input });
  expect(again.ReservationId).toBe(first.ReservationId);
  expect(again.Instances.map((one: { InstanceId: string }) => one.InstanceId)).toEqual(
    first.Instances.map((one: { InstanceId: string }) => one.InstanceId),
  );
  expect(Object.keys(cloud.state.instances)).toHaveLength(2);
  expect(await cloud.code('RunInstances', { ...input, InstanceType: 'm5.large' })).toBe('IdempotentParameterMismatch');
});

test('with too few addresses it launches what it can, but never fewer than MinCount', async () => {
  const cloud = setUp();
  for (let host = 1; host <= 250; host++) cloud.taken.add(`127.9.16.${host}`);
  expect(await cloud.code('RunInstances', { ...base, MinCount: 5, MaxCount: 9 })).toBe(
    'InsufficientFreeAddressesInSubnet',
  );
  expect(cloud.taken.size).toBe(250);
  const { Instances } = await cloud.send('RunInstances', { ...base, MinCount: 1, MaxCount: 9 });
  expect(Instances).toHaveLength(4);
});

test('a region holds 2,000 instances: it launches what it may, but never fewer than MinCount', async () => {
  let next = 0;
  const takeAddress = () => `127.9.${16 + Math.floor(++next / 250)}.${1 + (next % 250)}`;
  const cloud = setUp(undefined, { takeAddress });
  const { Instances } = await cloud.send('RunInstances', { ...base, MinCount: 1, MaxCount: 2 ** 31 - 1 });
  expect(Instances).toHaveLength(2000);
  expect(await cloud.code('RunInstances', { ...base, MinCount: 1, MaxCount: 1 })).toBe('InstanceLimitExceeded');
});

test.each([
  ['MissingParameter', { ImageId: undefined }],
  ['MissingParameter', { MinCount: undefined }],
  ['InvalidParameterValue', { MinCount: 0 }],
  ['InvalidParameterValue', { MinCount: 2 }],
  ['InvalidAMIID.Malformed', { ImageId: 'image' }],
  ['InvalidAMIID.NotFound', { ImageId: 'ami-0123456789abcdef0' }],
  ['InvalidKeyPair.NotFound', { KeyName: 'none' }],
  ['InvalidGroup.NotFound', { SecurityGroupIds: ['sg-0123456789abcdef0'] }],
  ['InvalidSubnetID.NotFound', { SubnetId: 'subnet-1' }],
  ['InvalidParameterValue', { Placement: { AvailabilityZone: 'us-east-1a' } }],
  ['InvalidParameterValue', { SubnetId: account.subnets['eu-west-1a'], Placement: { AvailabilityZone: 'eu-west-1b' } }],
  ['InvalidParameterValue', { InstanceType: 'huge' }],
  ['InvalidUserData.Malformed', { UserData: '#!/bin/sh' }],
  ['InvalidParameterValue', { UserData: Buffer.alloc(16_385).toString('base64') }],
  ['InvalidParameterValue', { TagSpecifications: tags({ 'aws:x': 'y' }) }],
  ['InvalidParameterValue', { TagSpecifications: tags({ a: 'b' }, 'image') }],
  ['InvalidLaunchTemplateName.NotFoundException', { LaunchTemplate: { LaunchTemplateName: 'none' } }],
  ['InvalidLaunchTemplateId.NotFound', { LaunchTemplate: { LaunchTemplateId: 'lt-0123456789abcdef0' } }],
  ['InvalidLaunchTemplateId.Malformed', { LaunchTemplate: { LaunchTemplateId: 'lt-x' } }],
  ['DryRunOperation', { DryRun: true }],
])('%s refuses %j, and nothing is launched', async (code, change) => {
  const cloud = setUp();
  expect(await cloud.code('RunInstances', { ...base, ...change })).toBe(code);
  expect(cloud.state.instances).toEqual({});
  expect(cloud.taken.size).toBe(0);
});

test('the other services launch a numbered version into a zone, with tags of their own', async () => {
  const cloud = setUp();
  const { LaunchTemplate } = await cloud.send('CreateLaunchTemplate', {
    LaunchTemplateName: 'api',
    LaunchTemplateData: { ImageId: account.baseImageId, TagSpecifications: tags({ version: 'v1' }) },
  });
  const { instances } = cloud.ec2;
  const template = instances.resolveTemplate({ name: 'api' }, '$Latest');
  expect(template).toEqual({ id: LaunchTemplate.LaunchTemplateId, name: 'api', version: 1 });
  expect(() => instances.resolveTemplate({ id: template.id }, '7')).toThrow('Could not find the specified version 7');
  const ids = instances.launch({
    launchTemplate: template,
    count: 2,
    availabilityZone: 'eu-west-1c',
    subnetId: account.subnets['eu-west-1c'] ?? '',
    tags: { 'aws:autoscaling:groupName': 'api' },
  });
  expect(ids).toHaveLength(2);
  expect(cloud.state.instances[ids[0] ?? '']).toMatchObject({
    state: 'pending',
    availabilityZone: 'eu-west-1c',
    tags: { version: 'v1', 'aws:autoscaling:groupName': 'api' },
    launchTemplate: { id: template.id, version: 1 },
  });
});
