import { expect, test } from 'vitest';
import type { RegionDirectory } from '../../../src/context.ts';
import { emptyState } from '../../../src/model.ts';
import { findRegion, homeRegion } from '../../../src/regions.ts';
import { account } from '../../../src/settings.ts';
import { delays, setUp } from '../support.ts';

const target = 'eu-central-1';

/** Two regions on the same machines and clock. */
function twoRegions() {
  const states = new Map([
    [homeRegion.name, emptyState()],
    [target, emptyState()],
  ]);
  const regions: RegionDirectory = { state: (name) => states.get(name), states: () => states.values() };
  const home = setUp(states.get(homeRegion.name), { regions });
  const { clock, machines } = home.context;
  const region = findRegion(target);
  const away = setUp(states.get(target), { regions, region, clock, machines });
  const bake = async (Name: string, more: object = {}): Promise<string> => {
    const [InstanceId] = await home.run();
    const { ImageId } = await home.send('CreateImage', { InstanceId, Name, ...more });
    await home.clock.advance(3_000);
    return ImageId;
  };
  const copyOf = (SourceImageId: string, more: object = {}) =>
    away.send('CopyImage', { SourceRegion: homeRegion.name, SourceImageId, Name: 'copy', ...more });
  return { home, away, bake, copyOf, advance: (ms: number) => home.clock.advance(ms) };
}

test('a copy becomes available in its own region, with its own snapshot', async () => {
  const { home, away, bake, copyOf, advance } = twoRegions();
  const TagSpecifications = [{ ResourceType: 'image', Tags: [{ Key: 'app', Value: 'api' }] }];
  const source = await bake('api-v1', { TagSpecifications });
  const { ImageId } = await copyOf(source, {
    CopyImageTags: true,
    TagSpecifications: [
      { ResourceType: 'image', Tags: [{ Key: 'copied', Value: 'yes' }] },
      { ResourceType: 'snapshot', Tags: [{ Key: 'kind', Value: 'copy' }] },
    ],
  });
  expect(await away.image(ImageId)).toMatchObject({
    State: 'pending',
    Name: 'copy',
    SourceImageId: source,
    SourceImageRegion: homeRegion.name,
    Tags: [
      { Key: 'app', Value: 'api' },
      { Key: 'copied', Value: 'yes' },
    ],
  });
  await advance(delays.imagePending);
  const image = await away.image(ImageId);
  expect(image.State).toBe('available');
  const SnapshotIds = [image.BlockDeviceMappings[0].Ebs.SnapshotId];
  const { Snapshots } = await away.send('DescribeSnapshots', { SnapshotIds });
  expect(Snapshots[0]).toMatchObject({ State: 'completed', VolumeId: 'vol-ffffffff', Tags: [{ Key: 'kind' }] });
  expect(Snapshots[0].Description).toContain(`for DestinationAmi ${ImageId} from SourceAmi ${source}`);
  expect(Snapshots[0].FullSnapshotSizeInBytes).toBeGreaterThan(0);
  expect(await home.code('DescribeImages', { ImageIds: [ImageId] })).toBe('InvalidAMIID.NotFound');
});

test('a copy outlives its source, and the data goes with the last of them', async () => {
  const { home, away, bake, copyOf, advance } = twoRegions();
  const source = await bake('api-v1');
  const { ImageId } = await copyOf(source);
  await home.send('DeregisterImage', { ImageId: source, DeleteAssociatedSnapshots: true });
  await advance(delays.imagePending);
  const { Instances } = await away.send('RunInstances', { ImageId, MinCount: 1, MaxCount: 1 });
  await advance(1_000);
  expect(await away.stateOf(Instances[0].InstanceId)).toBe('running');
  expect(home.state.images[source]?.dataLeft).toBe(true);
  await away.send('DeregisterImage', { ImageId });
  await advance(10);
  expect(away.state.images[ImageId]?.dataLeft).toBe(false);
  await expect(
    home.driver.create({ instanceId: 'i-x', imageId: source, address: '127.9.16.9', hostname: 'x' }),
  ).rejects.toThrow('has no data');
  expect([...home.reports, ...away.reports]).toEqual([]);
});

test('a copy that was pending when the cloud stopped goes on', async () => {
  const { home, away, bake, copyOf } = twoRegions();
  const { ImageId } = await copyOf(await bake('api-v1'));
  away.ec2.stop();
  const regions: RegionDirectory = { state: () => undefined, states: () => [home.state, away.state] };
  const again = setUp(away.state, { regions, region: findRegion(target) });
  await again.clock.advance(delays.imagePending + home.clock.now());
  expect((await again.image(ImageId)).State).toBe('available');
});

test('the same token makes one copy, the same name is refused', async () => {
  const { away, bake, copyOf } = twoRegions();
  const source = await bake('api-v1');
  const first = await copyOf(source, { ClientToken: 't' });
  expect(await copyOf(source, { ClientToken: 't' })).toEqual(first);
  const input = { SourceRegion: homeRegion.name, SourceImageId: source };
  expect(await away.code('CopyImage', { ...input, Name: 'other', ClientToken: 't' })).toBe(
    'IdempotentParameterMismatch',
  );
  expect(await away.code('CopyImage', { ...input, Name: 'copy' })).toBe('InvalidAMIName.Duplicate');
  expect(await away.code('CopyImage', { ...input, Name: '?' })).toBe('InvalidAMIName.Malformed');
  expect(await away.code('CopyImage', { ...input, Name: 'new', SourceRegion: 'mars-1' })).toBe('InvalidParameterValue');
  expect(await away.code('CopyImage', { ...input, Name: 'new', SourceRegion: target })).toBe('InvalidAMIID.NotFound');
  const SnapshotCopyCompletionDurationMinutes = 20;
  expect(await away.code('CopyImage', { ...input, Name: 'new', SnapshotCopyCompletionDurationMinutes })).toBe(
    'InvalidParameterValue',
  );
});

test('an image that is not available is not copied', async () => {
  const { home, away } = twoRegions();
  const [InstanceId] = await home.run();
  const { ImageId } = await home.send('CreateImage', { InstanceId, Name: 'api-v1' });
  const input = { SourceRegion: homeRegion.name, SourceImageId: ImageId, Name: 'copy' };
  expect(await away.code('CopyImage', input)).toBe('InvalidAMIID.Unavailable');
});

test('encryption is kept and handed on', async () => {
  const { away, bake, copyOf, advance } = twoRegions();
  const source = await bake('api-v1');
  expect(
    await away.code('CopyImage', {
      ...{ Name: 'other', SourceRegion: homeRegion.name },
      SourceImageId: source,
      KmsKeyId: 'k',
    }),
  ).toBe('InvalidParameterDependency');
  const { ImageId } = await copyOf(source, { Encrypted: true, KmsKeyId: 'alias/images' });
  await advance(delays.imagePending);
  const image = await away.image(ImageId);
  expect(image.BlockDeviceMappings[0].Ebs.Encrypted).toBe(true);
  const SnapshotId = image.BlockDeviceMappings[0].Ebs.SnapshotId;
  const { Snapshots } = await away.send('DescribeSnapshots', { SnapshotIds: [SnapshotId] });
  const key = `arn:aws:kms:${target}:${account.id}:alias/images`;
  expect(Snapshots[0]).toMatchObject({ Encrypted: true, KmsKeyId: key });
  const { SnapshotId: copied } = await away.send('CopySnapshot', {
    SourceRegion: target,
    SourceSnapshotId: SnapshotId,
  });
  await advance(delays.imagePending);
  const again = await away.send('DescribeSnapshots', { SnapshotIds: [copied] });
  expect(again.Snapshots[0]).toMatchObject({ State: 'completed', Encrypted: true });
  const CreateVolumePermission = { Add: [{ Group: 'all' }] };
  expect(await away.code('ModifySnapshotAttribute', { SnapshotId, CreateVolumePermission })).toBe(
    'OperationNotPermitted',
  );
});
