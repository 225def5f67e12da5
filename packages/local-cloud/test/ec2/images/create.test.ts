import { expect, test } from 'vitest';
import { account } from '../../../src/settings.ts';
import { delays, settled, setUp, times } from '../support.ts';

const specifications = ['image', 'snapshot'].map((ResourceType) => ({
  ResourceType,
  Tags: [{ Key: 'version', Value: 'v1' }],
}));

test('the machine is off for the snapshot and boots again; the image is pending for the configured delay', async () => {
  const cloud = setUp();
  const [id = ''] = await cloud.run();
  const { ImageId } = await cloud.send('CreateImage', {
    InstanceId: id,
    Name: 'api v1',
    TagSpecifications: specifications,
  });
  expect(await cloud.image(ImageId)).toMatchObject({ State: 'pending', SourceInstanceId: id, Name: 'api v1' });
  await cloud.clock.advance(times.shutdown + 1);
  expect(cloud.driver.isRunning(id)).toBe(false);
  expect(await cloud.stateOf(id)).toBe('running');
  await cloud.clock.advance(times.snapshot + times.boot);
  expect(cloud.driver.isRunning(id)).toBe(true);
  await cloud.clock.advance(delays.imagePending - times.shutdown - times.snapshot - times.boot - 2);
  expect((await cloud.image(ImageId)).State).toBe('pending');
  await cloud.clock.advance(1);
  const image = await cloud.image(ImageId);
  expect(image).toMatchObject({ State: 'available', Tags: [{ Key: 'version', Value: 'v1' }] });
  const { Snapshots } = await cloud.send('DescribeSnapshots', {
    SnapshotIds: [image.BlockDeviceMappings[0].Ebs.SnapshotId],
  });
  expect(Snapshots[0]).toMatchObject({ State: 'completed', Progress: '100%', Tags: [{ Key: 'version', Value: 'v1' }] });
  expect(await cloud.run(1, { ImageId })).toHaveLength(1);
  expect(cloud.reports).toEqual([]);
});

test('a snapshot that takes longer than the delay keeps the image pending', async () => {
  const cloud = setUp();
  const [id = ''] = await cloud.run();
  cloud.context.delays.imagePending = 10;
  const { ImageId } = await cloud.send('CreateImage', { InstanceId: id, Name: 'api-v1' });
  await cloud.clock.advance(times.shutdown + times.snapshot - 1);
  expect((await cloud.image(ImageId)).State).toBe('pending');
  await cloud.clock.advance(2);
  expect((await cloud.image(ImageId)).State).toBe('available');
  cloud.context.delays.imagePending = 1_000;
});

test('with NoReboot the machine stays up', async () => {
  const cloud = setUp();
  const [id = ''] = await cloud.run();
  await cloud.send('CreateImage', { InstanceId: id, Name: 'api-v1', NoReboot: true });
  for (let at = 0; at < 40; at++) {
    await cloud.clock.advance(10);
    expect(cloud.driver.isRunning(id)).toBe(true);
  }
});

test('a snapshot that fails makes a failed image with the reason, and the machine still boots again', async () => {
  const cloud = setUp();
  const [id = ''] = await cloud.run();
  cloud.driver.fail(account.baseImageId, 'snapshot', 'no space left on device');
  const { ImageId } = await cloud.send('CreateImage', { InstanceId: id, Name: 'api-v1' });
  await cloud.clock.advance(2 * settled);
  const image = await cloud.image(ImageId);
  expect(image).toMatchObject({
    State: 'failed',
    StateReason: { Code: 'Server.InternalError', Message: 'Server.InternalError: no space left on device' },
  });
  expect(cloud.driver.isRunning(id)).toBe(true);
  expect(await cloud.code('RunInstances', { ImageId, MinCount: 1, MaxCount: 1 })).toBe('InvalidAMIID.Unavailable');
  await cloud.send('DeregisterImage', { ImageId, DeleteAssociatedSnapshots: true });
  expect(Object.keys(cloud.state.snapshots)).toHaveLength(1);
});

test('a terminate during the snapshot lets it end first', async () => {
  const cloud = setUp();
  const [id = ''] = await cloud.run();
  const { ImageId } = await cloud.send('CreateImage', { InstanceId: id, Name: 'api-v1' });
  await cloud.clock.advance(times.shutdown + 10);
  await cloud.send('TerminateInstances', { InstanceIds: [id] });
  await cloud.clock.advance(2 * settled);
  expect((await cloud.image(ImageId)).State).toBe('available');
  expect(await cloud.stateOf(id)).toBe('terminated');
  expect(cloud.driver.isRunning(id)).toBe(false);
  expect(cloud.reports).toEqual([]);
});

test('names are unique among registered images, and of the allowed characters', async () => {
  const cloud = setUp();
  const [id = ''] = await cloud.run();
  const create = (Name: string) => cloud.code('CreateImage', { InstanceId: id, Name });
  const { ImageId } = await cloud.send('CreateImage', { InstanceId: id, Name: 'api-v1' });
  expect(await create('api-v1')).toBe('InvalidAMIName.Duplicate');
  for (const name of ['ab', 'a'.repeat(129), 'api;v1', 'api\nv1', 'äpi'])
    expect(await create(name)).toBe('InvalidAMIName.Malformed');
  expect(await create('')).toBe('MissingParameter');
  await cloud.send('DeregisterImage', { ImageId });
  await cloud.send('CreateImage', { InstanceId: id, Name: 'api-v1' });
});

test('only a running or stopped instance can become an image', async () => {
  const cloud = setUp();
  const [id = ''] = await cloud.run();
  await cloud.send('StopInstances', { InstanceIds: [id] });
  expect(await cloud.code('CreateImage', { InstanceId: id, Name: 'api-v1' })).toBe('IncorrectState');
  await cloud.clock.advance(settled);
  const { ImageId } = await cloud.send('CreateImage', { InstanceId: id, Name: 'api-v1' });
  await cloud.clock.advance(2 * settled);
  expect((await cloud.image(ImageId)).State).toBe('available');
  expect(await cloud.stateOf(id)).toBe('stopped');
});

test('images that were pending when the cloud stopped have failed', async () => {
  const before = setUp();
  const [id = ''] = await before.run();
  const { ImageId } = await before.send('CreateImage', { InstanceId: id, Name: 'api-v1' });
  before.ec2.stop();
  const after = setUp(JSON.parse(JSON.stringify(before.state)));
  expect((await after.image(ImageId)).State).toBe('failed');
});
