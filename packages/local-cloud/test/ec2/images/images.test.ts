import { expect, test } from 'vitest';
import { account } from '../../../src/settings.ts';
import { delays, settled, setUp } from '../support.ts';

async function withImage() {
  const cloud = setUp();
  const [id = ''] = await cloud.run();
  const { ImageId } = await cloud.send('CreateImage', {
    InstanceId: id,
    Name: 'api-v1',
    TagSpecifications: [{ ResourceType: 'image', Tags: [{ Key: 'app', Value: 'api' }] }],
  });
  await cloud.clock.advance(2 * settled);
  return { cloud, id, ImageId: ImageId as string };
}

/** Whether the driver still holds an image's data. */
async function hasData(cloud: ReturnType<typeof setUp>, imageId: string): Promise<boolean> {
  const spec = { imageId, address: '127.0.0.9', hostname: 'probe', instanceId: `probe-${Math.random()}` };
  const made = cloud.driver.create(spec).then(
    () => true,
    () => false,
  );
  await cloud.clock.advance(50);
  return made;
}

test('deregistering takes snapshots and data with it, and says so', async () => {
  const { cloud, ImageId } = await withImage();
  const snapshotId = cloud.state.images[ImageId]?.snapshotId ?? '';
  expect(await cloud.code('DeleteSnapshot', { SnapshotId: snapshotId })).toBe('InvalidSnapshot.InUse');
  expect(await hasData(cloud, ImageId)).toBe(true);
  const answer = await cloud.send('DeregisterImage', { ImageId, DeleteAssociatedSnapshots: true });
  expect(answer).toEqual({ Return: true, DeleteSnapshotResults: [{ SnapshotId: snapshotId, ReturnCode: 'success' }] });
  expect(await hasData(cloud, ImageId)).toBe(false);
  expect((await cloud.send('DescribeImages', { ImageIds: [ImageId] })).Images).toEqual([]);
  expect(await cloud.code('DeregisterImage', { ImageId })).toBe('InvalidAMIID.Unavailable');
  expect(await cloud.code('RunInstances', { ImageId, MinCount: 1, MaxCount: 1 })).toBe('InvalidAMIID.Unavailable');
  expect(await cloud.code('DescribeSnapshots', { SnapshotIds: [snapshotId] })).toBe('InvalidSnapshot.NotFound');
  expect(await cloud.code('DeregisterImage', { ImageId: 'ami-0123456789abcdef0' })).toBe('InvalidAMIID.NotFound');
  expect(await cloud.code('DeregisterImage', { ImageId: 'x' })).toBe('InvalidAMIID.Malformed');
});

test('without DeleteAssociatedSnapshots the snapshot stays, and can then be deleted', async () => {
  const { cloud, ImageId } = await withImage();
  const SnapshotId = cloud.state.images[ImageId]?.snapshotId;
  await cloud.send('DeregisterImage', { ImageId });
  await cloud.send('DeleteSnapshot', { SnapshotId });
  expect(await cloud.code('DeleteSnapshot', { SnapshotId })).toBe('InvalidSnapshot.NotFound');
});

test('a launch that has begun still gets its disk from an image deregistered meanwhile', async () => {
  const { cloud, ImageId } = await withImage();
  const { Instances } = await cloud.send('RunInstances', { ImageId, MinCount: 1, MaxCount: 1 });
  await cloud.send('DeregisterImage', { ImageId, DeleteAssociatedSnapshots: true });
  await cloud.clock.advance(settled);
  expect(await cloud.stateOf(Instances[0].InstanceId)).toBe('running');
  expect(await hasData(cloud, ImageId)).toBe(false);
});

test('deregistering a pending image leaves nothing once its snapshot has ended', async () => {
  const { cloud, id } = await withImage();
  const { ImageId } = await cloud.send('CreateImage', { InstanceId: id, Name: 'api-v2' });
  expect(await cloud.code('RunInstances', { ImageId, MinCount: 1, MaxCount: 1 })).toBe('InvalidAMIID.Unavailable');
  await cloud.send('DeregisterImage', { ImageId, DeleteAssociatedSnapshots: true });
  await cloud.clock.advance(2 * settled);
  expect(await hasData(cloud, ImageId)).toBe(false);
  expect(cloud.state.images[ImageId]).toMatchObject({ state: 'deregistered', dataLeft: false });
});

test('tombstones go in time', async () => {
  const { cloud, ImageId, id } = await withImage();
  await cloud.send('DeregisterImage', { ImageId });
  await cloud.clock.advance(delays.terminatedVisible + 1);
  const next = await cloud.send('CreateImage', { InstanceId: id, Name: 'api-v2' });
  await cloud.send('DeregisterImage', { ImageId: next.ImageId });
  expect(cloud.state.images[ImageId]).toBeUndefined();
});

test('images are found by owner, name, state, tag and date', async () => {
  const { cloud, ImageId } = await withImage();
  const ids = async (input: object) =>
    (await cloud.send('DescribeImages', input)).Images.map((one: { ImageId: string }) => one.ImageId);
  const filter = (Name: string, ...Values: string[]) => ids({ Owners: ['self'], Filters: [{ Name, Values }] });
  expect(await ids({})).toEqual([account.baseImageId, ImageId]);
  expect(await ids({ Owners: ['amazon'] })).toEqual([]);
  expect(await filter('name', 'api-*')).toEqual([ImageId]);
  expect(await filter('name', 'API-*')).toEqual([]);
  expect(await filter('tag:app', 'api')).toEqual([ImageId]);
  expect(await filter('tag:golden-pipeline:base', 'true')).toEqual([account.baseImageId]);
  expect(await filter('state', 'available')).toHaveLength(2);
  expect(await filter('creation-date', '2026-01-01T00:00:01*')).toEqual([ImageId]);
  const page = await cloud.send('DescribeImages', { MaxResults: 1 });
  expect(page.Images).toHaveLength(1);
  expect(await ids({ MaxResults: 1, NextToken: page.NextToken })).toEqual([ImageId]);
});

test('a disabled image is hidden and cannot be launched until it is enabled', async () => {
  const { cloud, ImageId } = await withImage();
  await cloud.send('ModifyImageAttribute', { ImageId, LaunchPermission: { Add: [{ Group: 'all' }] } });
  await cloud.send('DisableImage', { ImageId });
  const left = await cloud.send('DescribeImageAttribute', { ImageId, Attribute: 'launchPermission' });
  expect(left.LaunchPermissions).toEqual([]);
  expect((await cloud.send('DescribeImages', { ImageIds: [ImageId] })).Images).toEqual([]);
  expect((await cloud.send('DescribeImages', { ImageIds: [ImageId], IncludeDisabled: true })).Images).toHaveLength(1);
  expect(await cloud.code('RunInstances', { ImageId, MinCount: 1, MaxCount: 1 })).toBe('InvalidAMIID.Unavailable');
  await cloud.send('EnableImage', { ImageId });
  expect((await cloud.image(ImageId)).State).toBe('available');
});

test('deprecation, description and launch permissions', async () => {
  const { cloud, ImageId } = await withImage();
  const at = new Date('2026-06-01T00:00:00Z');
  await cloud.send('EnableImageDeprecation', { ImageId, DeprecateAt: at });
  expect((await cloud.image(ImageId)).DeprecationTime).toBe(at.toISOString());
  expect(await cloud.code('EnableImageDeprecation', { ImageId, DeprecateAt: new Date(0) })).toBe(
    'InvalidParameterValue',
  );
  await cloud.send('DisableImageDeprecation', { ImageId });
  await cloud.send('ModifyImageAttribute', { ImageId, Description: { Value: 'first' } });
  expect(await cloud.image(ImageId)).toMatchObject({ Description: 'first', DeprecationTime: undefined, Public: false });
  const add = { Add: [{ UserId: '111111111111' }, { Group: 'all' }] };
  await cloud.send('ModifyImageAttribute', { ImageId, LaunchPermission: add });
  await cloud.send('ModifyImageAttribute', {
    ImageId,
    Attribute: 'launchPermission',
    OperationType: 'remove',
    UserIds: ['111111111111'],
  });
  const { LaunchPermissions } = await cloud.send('DescribeImageAttribute', { ImageId, Attribute: 'launchPermission' });
  expect(LaunchPermissions).toEqual([{ Group: 'all' }]);
  expect(await cloud.code('ModifyImageAttribute', { ImageId, LaunchPermission: { Add: [{ UserId: 'me' }] } })).toBe(
    'InvalidAMIAttributeItemValue',
  );
});
