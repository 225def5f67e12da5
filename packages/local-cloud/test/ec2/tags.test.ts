import { expect, test } from 'vitest';
import { account } from '../../src/settings.ts';
import { setUp } from './support.ts';

test('every kind of resource is tagged, all of a call or none', async () => {
  const cloud = setUp();
  const [id = ''] = await cloud.run();
  const { LaunchTemplate } = await cloud.send('CreateLaunchTemplate', {
    LaunchTemplateName: 'api',
    LaunchTemplateData: { KeyName: 'k' },
  });
  const volume = cloud.state.instances[id]?.volumeId ?? '';
  const resources = [
    id,
    volume,
    account.baseImageId,
    LaunchTemplate.LaunchTemplateId,
    account.vpcId,
    account.defaultSecurityGroupId,
  ];
  const Tags = [{ Key: 'team', Value: 'web' }, { Key: 'empty' }];
  const lost = 'i-0123456789abcdef0';
  expect(await cloud.code('CreateTags', { Resources: [...resources, lost], Tags })).toBe('InvalidInstanceID.NotFound');
  const rows = async (Filters: object[]) => (await cloud.send('DescribeTags', { Filters })).Tags;
  expect(await rows([{ Name: 'key', Values: ['team'] }])).toEqual([]);
  await cloud.send('CreateTags', { Resources: resources, Tags });
  expect(await rows([{ Name: 'tag:team', Values: ['w*'] }])).toHaveLength(resources.length);
  expect(await rows([{ Name: 'resource-id', Values: [volume] }])).toEqual([
    { Key: 'empty', Value: '', ResourceId: volume, ResourceType: 'volume' },
    { Key: 'team', Value: 'web', ResourceId: volume, ResourceType: 'volume' },
  ]);
  expect((await cloud.send('DescribeVpcs', {})).Vpcs[0].Tags).toHaveLength(2);
});

test('tags are removed by key, by key and value, or all', async () => {
  const cloud = setUp();
  const [id = ''] = await cloud.run();
  const keys = () => Object.keys(cloud.state.instances[id]?.tags ?? {});
  await cloud.send('CreateTags', { Resources: [id], Tags: ['a', 'b', 'c', 'd'].map((Key) => ({ Key, Value: '1' })) });
  Object.assign(cloud.state.instances[id]?.tags ?? {}, { 'aws:autoscaling:groupName': 'api' });
  await cloud.send('DeleteTags', {
    Resources: [id],
    Tags: [{ Key: 'a' }, { Key: 'b', Value: '2' }, { Key: 'c', Value: '1' }],
  });
  expect(keys()).toEqual(['b', 'd', 'aws:autoscaling:groupName']);
  await cloud.send('DeleteTags', { Resources: [id] });
  expect(keys()).toEqual(['aws:autoscaling:groupName']);
});

test('limits on tags', async () => {
  const cloud = setUp();
  const [id = ''] = await cloud.run();
  const create = (Tags: object[]) => cloud.code('CreateTags', { Resources: [id], Tags });
  expect(await create([{ Key: 'aws:x', Value: 'y' }])).toBe('InvalidParameterValue');
  expect(await create([{ Key: 'k'.repeat(129), Value: 'y' }])).toBe('InvalidParameterValue');
  expect(await create([{ Key: 'k', Value: 'v'.repeat(257) }])).toBe('InvalidParameterValue');
  expect(await create(Array.from({ length: 51 }, (_, n) => ({ Key: `k${n}`, Value: '' })))).toBe('TagLimitExceeded');
  expect(await cloud.code('CreateTags', { Resources: ['thing'], Tags: [{ Key: 'a' }] })).toBe('InvalidID');
});
