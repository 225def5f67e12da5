import { expect, test } from 'vitest';
import { account } from '../../src/settings.ts';
import { setUp } from './support.ts';

const launch = { ImageId: account.baseImageId, MinCount: 1, MaxCount: 1 };

// The codes of EC2's documentation; subnets, VPCs and network interfaces have no other one for what is not an ID at all.
test.each([
  ['DescribeInstances', { InstanceIds: ['api'] }, 'InvalidInstanceID.Malformed'],
  ['DescribeInstances', { InstanceIds: [''] }, 'InvalidInstanceID.Malformed'],
  ['TerminateInstances', { InstanceIds: [] }, 'MissingParameter'],
  ['DescribeImages', { ImageIds: ['api'] }, 'InvalidAMIID.Malformed'],
  ['DescribeSnapshots', { SnapshotIds: ['api'] }, 'InvalidSnapshotID.Malformed'],
  ['DescribeSnapshots', { SnapshotIds: ['snap-01234567'] }, 'InvalidSnapshot.NotFound'],
  ['DescribeVolumes', { VolumeIds: [''] }, 'InvalidVolumeID.Malformed'],
  ['DescribeLaunchTemplates', { LaunchTemplateIds: ['api'] }, 'InvalidLaunchTemplateId.Malformed'],
  ['DescribeSecurityGroups', { GroupIds: ['default'] }, 'InvalidGroupId.Malformed'],
  ['DescribeSecurityGroups', { GroupIds: [''] }, 'InvalidGroupId.Malformed'],
  ['DescribeSecurityGroups', { GroupIds: ['sg-01234567'] }, 'InvalidGroup.NotFound'],
  ['RunInstances', { ...launch, SecurityGroupIds: ['default'] }, 'InvalidGroupId.Malformed'],
  ['RunInstances', { ...launch, SecurityGroupIds: [''] }, 'InvalidGroupId.Malformed'],
  ['RunInstances', { ...launch, SecurityGroupIds: ['sg-01234567'] }, 'InvalidGroup.NotFound'],
  ['RunInstances', { ...launch, SubnetId: 'front' }, 'InvalidSubnetID.NotFound'],
  ['DescribeSubnets', { SubnetIds: ['front'] }, 'InvalidSubnetID.NotFound'],
  ['DescribeVpcs', { VpcIds: [''] }, 'InvalidVpcID.NotFound'],
  ['DescribeNetworkInterfaces', { NetworkInterfaceIds: ['front'] }, 'InvalidNetworkInterfaceID.NotFound'],
  ['DescribeKeyPairs', { KeyNames: ['nobody'] }, 'InvalidKeyPair.NotFound'],
  ['CreateTags', { Resources: ['api'], Tags: [{ Key: 'a', Value: 'b' }] }, 'InvalidID'],
  ['CreateTags', { Resources: ['i-api'], Tags: [{ Key: 'a', Value: 'b' }] }, 'InvalidID'],
  ['CreateTags', { Resources: ['i-01234567'], Tags: [{ Key: 'a', Value: 'b' }] }, 'InvalidInstanceID.NotFound'],
])('%s of %j is %s', async (operation, input, code) => {
  expect(await setUp().code(operation, input)).toBe(code);
});

test('ModifyInstanceAttribute refuses names of security groups', async () => {
  const cloud = setUp();
  const [InstanceId] = await cloud.run();
  const input = { InstanceId, Groups: ['default'] };
  expect(await cloud.code('ModifyInstanceAttribute', input)).toBe('InvalidGroupId.Malformed');
});

test.each(['DescribeInstances', 'DescribeSecurityGroups', 'DescribeVolumes', 'DescribeSnapshots', 'DescribeSubnets'])(
  '%s with empty lists lists all',
  async (operation) => {
    const cloud = setUp();
    await cloud.run();
    const lists = { InstanceIds: [], GroupIds: [], GroupNames: [], VolumeIds: [], SnapshotIds: [], SubnetIds: [] };
    expect(await cloud.send(operation, { ...lists, Filters: [] })).toEqual(await cloud.send(operation));
  },
);
