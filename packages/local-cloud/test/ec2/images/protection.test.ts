import { expect, test } from 'vitest';
import { account } from '../../../src/settings.ts';
import { delays, setUp } from '../support.ts';

async function withImage() {
  const cloud = setUp();
  const [InstanceId = ''] = await cloud.run();
  const { ImageId } = await cloud.send('CreateImage', { InstanceId, Name: 'api-v1' });
  await cloud.clock.advance(3_000);
  return { cloud, InstanceId, ImageId: ImageId as string };
}

test('a protected image cannot be deregistered, with cooldown not for 24 hours after', async () => {
  const { cloud, ImageId } = await withImage();
  const shown = async () => (await cloud.image(ImageId)).DeregistrationProtection;
  expect(await shown()).toBe('disabled');
  await cloud.send('EnableImageDeregistrationProtection', { ImageId });
  expect(await shown()).toBe('enabled-without-cooldown');
  expect(await cloud.code('DeregisterImage', { ImageId })).toBe('OperationNotPermitted');
  await cloud.send('DisableImageDeregistrationProtection', { ImageId });
  expect(await shown()).toBe('disabled');

  await cloud.send('EnableImageDeregistrationProtection', { ImageId, WithCooldown: true });
  await cloud.clock.advance(48 * 3600_000);
  await cloud.send('DisableImageDeregistrationProtection', { ImageId });
  await cloud.clock.advance(23 * 3600_000);
  await cloud.send('DisableImageDeregistrationProtection', { ImageId });
  const { DeregistrationProtection } = await cloud.send('DescribeImageAttribute', {
    ...{ ImageId, Attribute: 'deregistrationProtection' },
  });
  expect(DeregistrationProtection.Value).toBe('enabled-with-cooldown');
  expect(await cloud.code('DeregisterImage', { ImageId })).toBe('OperationNotPermitted');
  await cloud.clock.advance(3600_000);
  await cloud.send('DeregisterImage', { ImageId });
});

test('the recycle bin is empty, and says so', async () => {
  const { cloud, ImageId } = await withImage();
  await cloud.send('DeregisterImage', { ImageId });
  expect((await cloud.send('ListImagesInRecycleBin')).Images).toEqual([]);
  expect(await cloud.code('ListImagesInRecycleBin', { ImageIds: [ImageId] })).toBe('InvalidAMIID.NotFound');
  expect(await cloud.code('RestoreImageFromRecycleBin', { ImageId })).toBe('InvalidAMIID.NotFound');
});

test('references are found in instances and in the newest ten versions, deeper when asked', async () => {
  const { cloud, InstanceId, ImageId } = await withImage();
  const LaunchTemplateName = 'api';
  const version = (image: string) => ({ LaunchTemplateName, LaunchTemplateData: { ImageId: image } });
  const { LaunchTemplate } = await cloud.send('CreateLaunchTemplate', version(ImageId));
  const find = async (more: object): Promise<string[]> => {
    const { ImageReferences } = await cloud.send('DescribeImageReferences', { ImageIds: [ImageId], ...more });
    return ImageReferences.map((one: { Arn: string }) => one.Arn.split(':').at(-1));
  };
  const all = { IncludeAllResourceTypes: true };
  const template = `launch-template/${LaunchTemplate.LaunchTemplateId}`;
  expect(await find(all)).toEqual([template]);
  for (let n = 0; n < 10; n++) await cloud.send('CreateLaunchTemplateVersion', version(account.baseImageId));
  expect(await find(all)).toEqual([]);
  const depth = (...OptionValues: string[]) => ({
    ResourceTypes: [
      { ResourceType: 'ec2:LaunchTemplate', ResourceTypeOptions: [{ OptionName: 'version-depth', OptionValues }] },
    ],
  });
  expect(await find(depth('11'))).toEqual([template]);
  expect(await find({ ...all, ...depth('11') })).toEqual([template]);

  const [launched] = await cloud.run(1, { ImageId });
  expect(await find(all)).toEqual([`instance/${launched}`]);
  const inState = (...OptionValues: string[]) => ({
    ResourceTypes: [
      { ResourceType: 'ec2:Instance', ResourceTypeOptions: [{ OptionName: 'state-name', OptionValues }] },
    ],
  });
  expect(await find(inState('stopped', 'stopping'))).toEqual([]);
  expect(await find(inState('running'))).toEqual([`instance/${launched}`]);
  expect(InstanceId).not.toBe(launched);

  const code = (input: object) => cloud.code('DescribeImageReferences', { ImageIds: [ImageId], ...input });
  expect(await code({})).toBe('InvalidParameterCombination');
  expect(await code(depth('0'))).toBe('InvalidParameterValue');
  expect(await code(depth('10001'))).toBe('InvalidParameterValue');
  const ids = Array.from({ length: 11 }, (_, n) => `ami-0000000${n.toString(16)}`);
  expect(await code({ ...all, ImageIds: ids })).toBe('InvalidParameterValue');
});

test('snapshots of volumes are made, shared and deleted', async () => {
  const { cloud, InstanceId } = await withImage();
  const { BlockDeviceMappings } = await cloud.instance(InstanceId);
  const VolumeId = BlockDeviceMappings[0].Ebs.VolumeId;
  const TagSpecifications = [{ ResourceType: 'snapshot', Tags: [{ Key: 'a', Value: 'b' }] }];
  const made = await cloud.send('CreateSnapshot', { VolumeId, Description: 'mine', TagSpecifications });
  expect(made).toMatchObject({ State: 'pending', VolumeId, Tags: [{ Key: 'a', Value: 'b' }] });
  const { SnapshotId } = made;
  const copy = { SourceRegion: account.region, SourceSnapshotId: SnapshotId };
  expect(await cloud.code('CopySnapshot', copy)).toBe('IncorrectState');
  await cloud.clock.advance(delays.imagePending);
  const Filters = [{ Name: 'status', Values: ['completed'] }];
  const { Snapshots } = await cloud.send('DescribeSnapshots', { SnapshotIds: [SnapshotId], Filters });
  expect(Snapshots).toMatchObject([{ State: 'completed', Progress: '100%' }]);
  expect(await cloud.code('CreateSnapshot', { VolumeId: 'vol-00000000000000000' })).toBe('InvalidVolume.NotFound');

  const attribute = { SnapshotId, Attribute: 'createVolumePermission' };
  const granted = async () => (await cloud.send('DescribeSnapshotAttribute', attribute)).CreateVolumePermissions;
  expect(await granted()).toEqual([]);
  const UserId = '111122223333';
  await cloud.send('ModifySnapshotAttribute', { SnapshotId, CreateVolumePermission: { Add: [{ UserId }] } });
  await cloud.send('ModifySnapshotAttribute', { ...attribute, OperationType: 'add', GroupNames: ['all'] });
  expect(await granted()).toEqual([{ UserId }, { Group: 'all' }]);
  await cloud.send('ModifySnapshotAttribute', { SnapshotId, CreateVolumePermission: { Remove: [{ Group: 'all' }] } });
  expect(await granted()).toEqual([{ UserId }]);
  expect(await cloud.code('ModifySnapshotAttribute', { SnapshotId })).toBe('MissingParameter');
  await cloud.send('DeleteSnapshot', { SnapshotId });
  expect(await cloud.code('DescribeSnapshotAttribute', attribute)).toBe('InvalidSnapshot.NotFound');
});

test('launch permissions can be reset', async () => {
  const { cloud, ImageId } = await withImage();
  await cloud.send('ModifyImageAttribute', { ImageId, LaunchPermission: { Add: [{ Group: 'all' }] } });
  expect((await cloud.image(ImageId)).Public).toBe(true);
  await cloud.send('ResetImageAttribute', { ImageId, Attribute: 'launchPermission' });
  expect((await cloud.image(ImageId)).Public).toBe(false);
});
