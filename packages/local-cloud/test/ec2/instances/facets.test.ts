import { expect, test } from 'vitest';
import { account } from '../../../src/settings.ts';
import { setUp, times } from '../support.ts';

test('status tells of the checks, by zone, and can be filtered', async () => {
  const cloud = setUp();
  const [id = ''] = await cloud.run();
  const status = async (more: object = {}) => (await cloud.send('DescribeInstanceStatus', more)).InstanceStatuses;
  const passed = { Status: 'ok', Details: [{ Name: 'reachability', Status: 'passed' }] };
  expect(await status()).toMatchObject([
    {
      ...{ InstanceId: id, AvailabilityZone: 'eu-west-1a', AvailabilityZoneId: 'euw1-az1' },
      ...{ InstanceStatus: passed, SystemStatus: passed, AttachedEbsStatus: passed, Events: [] },
    },
  ]);
  const initializing = { Filters: [{ Name: 'instance-status.reachability', Values: ['initializing'] }] };
  expect(await status(initializing)).toEqual([]);
  await cloud.send('RebootInstances', { InstanceIds: [id] });
  await cloud.clock.advance(times.shutdown);
  expect(await status(initializing)).toHaveLength(1);
  await cloud.clock.advance(1_000);
  await cloud.send('StopInstances', { InstanceIds: [id] });
  expect(await status()).toEqual([]);
  expect(await status({ IncludeAllInstances: true })).toMatchObject([
    { InstanceStatus: { Status: 'not-applicable', Details: [] } },
  ]);
});

test('the latest console output is for Nitro instances', async () => {
  const cloud = setUp();
  const [nitro] = await cloud.run();
  const [older] = await cloud.run(1, { InstanceType: 't2.micro' });
  const { Output } = await cloud.send('GetConsoleOutput', { InstanceId: nitro, Latest: true });
  expect(Buffer.from(Output, 'base64').toString()).toContain('BEGIN SSH HOST KEY KEYS');
  expect(await cloud.code('GetConsoleOutput', { InstanceId: older, Latest: true })).toBe('UnsupportedOperation');
  expect((await cloud.send('GetConsoleOutput', { InstanceId: older })).InstanceId).toBe(older);
});

test('network interfaces, profiles, credits and metadata options hang on instances', async () => {
  const cloud = setUp();
  const [id = ''] = await cloud.run(1, {
    IamInstanceProfile: { Name: 'web' },
    MetadataOptions: { HttpTokens: 'required' },
  });
  const instance = await cloud.instance(id);
  const { NetworkInterfaceId } = instance.NetworkInterfaces[0];
  const { NetworkInterfaces } = await cloud.send('DescribeNetworkInterfaces', {
    Filters: [{ Name: 'attachment.instance-id', Values: [id] }],
  });
  expect(NetworkInterfaces).toMatchObject([
    { NetworkInterfaceId, PrivateIpAddress: instance.PrivateIpAddress, Attachment: { InstanceId: id } },
  ]);
  expect(await cloud.code('DescribeNetworkInterfaces', { NetworkInterfaceIds: ['eni-1'] })).toBe(
    'InvalidNetworkInterfaceID.NotFound',
  );
  const { IamInstanceProfileAssociations } = await cloud.send('DescribeIamInstanceProfileAssociations');
  const Arn = `arn:aws:iam::${account.id}:instance-profile/web`;
  expect(IamInstanceProfileAssociations).toMatchObject([{ InstanceId: id, IamInstanceProfile: { Arn } }]);
  const { InstanceCreditSpecifications } = await cloud.send('DescribeInstanceCreditSpecifications', {
    InstanceIds: [id],
  });
  expect(InstanceCreditSpecifications).toEqual([{ InstanceId: id, CpuCredits: 'unlimited' }]);
  expect(instance.MetadataOptions).toMatchObject({ HttpTokens: 'required', HttpEndpoint: 'enabled' });
  await cloud.send('ModifyInstanceMetadataOptions', { InstanceId: id, HttpPutResponseHopLimit: 2 });
  expect((await cloud.instance(id)).MetadataOptions).toMatchObject({
    ...{ HttpTokens: 'required', HttpPutResponseHopLimit: 2, State: 'applied' },
  });
});

test('offerings, volume status and attributes of the VPC are there to be read', async () => {
  const cloud = setUp();
  const [id = ''] = await cloud.run();
  const { InstanceTypeOfferings } = await cloud.send('DescribeInstanceTypeOfferings', {
    LocationType: 'availability-zone',
    Filters: [{ Name: 'instance-type', Values: ['m5.large'] }],
  });
  expect(InstanceTypeOfferings.map((one: { Location: string }) => one.Location)).toEqual([...account.zones]);
  const VolumeIds = [cloud.state.instances[id]?.volumeId];
  const { VolumeStatuses } = await cloud.send('DescribeVolumeStatus', { VolumeIds });
  expect(VolumeStatuses).toMatchObject([{ VolumeStatus: { Status: 'ok' } }]);
  const vpc = { VpcId: account.vpcId };
  expect(await cloud.send('DescribeVpcAttribute', { ...vpc, Attribute: 'enableDnsSupport' })).toEqual({
    ...vpc,
    EnableDnsSupport: { Value: true },
  });
  expect(await cloud.code('DescribeVpcAttribute', { ...vpc, Attribute: 'x' })).toBe('InvalidParameterValue');
});
