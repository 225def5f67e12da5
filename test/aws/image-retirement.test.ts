import { DeregisterImageCommand, DescribeSnapshotsCommand, RunInstancesCommand } from '@aws-sdk/client-ec2';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openWorld, type World } from '../../packages/local-cloud/test/behaviour/support.ts';
import {
  deprecateImage,
  disableImage,
  enableImage,
  markRetired,
  protectImage,
  tagPinned,
  undeprecateImage,
  unmarkRetired,
  unprotectImage,
  untagPinned,
} from '../../src/aws/image-retirement.ts';
import { tagKeys, tagValue } from '../../src/aws/tags.ts';

let world: World;
let instance: string;
let image: string;
openWorld(
  (opened) => {
    world = opened;
  },
  { delays: 'quick' },
);
beforeAll(async () => {
  instance = await world.running();
});
beforeEach(async () => {
  image = await world.baked(instance);
});

const tagsOf = async () =>
  Object.fromEntries(((await world.image(image)).Tags ?? []).map(({ Key = '', Value }) => [Key, Value]));
const launch = () => world.ec2.send(new RunInstancesCommand({ ImageId: image, MinCount: 1, MaxCount: 1 }));

describe('retirement of an image', () => {
  it('is recorded on the image and its snapshots, and can be undone', async () => {
    const snapshot = (await world.image(image)).BlockDeviceMappings?.[0]?.Ebs?.SnapshotId ?? '';
    const at = Date.parse('2026-03-01T12:00:00Z');
    await markRetired(world.ec2, [image, snapshot], at);
    const noted = async () => {
      const { Snapshots } = await world.ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [snapshot] }));
      return [(await world.image(image)).Tags, Snapshots?.[0]?.Tags].map((tags) => tagValue(tags, tagKeys.retiredAt));
    };
    expect(await noted()).toEqual(['2026-03-01T12:00:00.000Z', '2026-03-01T12:00:00.000Z']);
    await unmarkRetired(world.ec2, [image, snapshot]);
    expect(await noted()).toEqual([undefined, undefined]);
  });

  it('keeps a disabled image from being launched until it is enabled again', async () => {
    await disableImage(world.ec2, image);
    await expect(launch()).rejects.toMatchObject({ name: expect.stringContaining('InvalidAMI') });
    await enableImage(world.ec2, image);
    await launch();
  });

  it('deprecates at a time in the near future, which EC2 accepts', async () => {
    const now = world.clock.now();
    await deprecateImage(world.ec2, image, now);
    const at = Date.parse((await world.image(image)).DeprecationTime ?? '');
    expect(at).toBeGreaterThan(now);
    expect(at).toBeLessThanOrEqual(now + 180_000);
    await undeprecateImage(world.ec2, image);
    expect((await world.image(image)).DeprecationTime).toBeUndefined();
  });
});

describe('the pin of an image', () => {
  const note = { by: 'ann@desk', at: '2026-03-01T12:00:00.000Z', protects: true };
  const tags = { [tagKeys.pinned]: 'true', [tagKeys.pinnedBy]: 'ann@desk', [tagKeys.pinnedAt]: note.at };

  it('records who, when and why, and is removed completely while other tags stay', async () => {
    await markRetired(world.ec2, [image], 0);
    await tagPinned(world.ec2, image, { ...note, reason: 'the sale' });
    expect(await tagsOf()).toMatchObject({ ...tags, [tagKeys.pinReason]: 'the sale', [tagKeys.pinProtects]: 'true' });
    await untagPinned(world.ec2, image);
    expect(await tagsOf()).toEqual({ [tagKeys.retiredAt]: '1970-01-01T00:00:00.000Z' });
  });

  it('without a reason does not keep the previous reason, and without protection reports that', async () => {
    await tagPinned(world.ec2, image, { ...note, reason: 'the sale', protects: false });
    await tagPinned(world.ec2, image, { ...note, protects: false });
    expect(await tagsOf()).toEqual(tags);
  });

  it('makes EC2 refuse to deregister the image until it is unpinned', async () => {
    await protectImage(world.ec2, image);
    const deregister = () => world.ec2.send(new DeregisterImageCommand({ ImageId: image }));
    await expect(deregister()).rejects.toThrow(/protect/i);
    await unprotectImage(world.ec2, image);
    await deregister();
  });
});
