import { CreateTagsCommand, DescribeImagesCommand, DisableImageCommand, EC2Client } from '@aws-sdk/client-ec2';
import { mockClient } from 'aws-sdk-client-mock';
import { account } from 'golden-pipeline-local-cloud/model';
import { expect, it } from 'vitest';
import { openWorld, type World } from '../../packages/local-cloud/test/behaviour/support.ts';
import { listBaseImages } from '../../src/aws/base-images.ts';
import { tagKeys, toTags } from '../../src/aws/tags.ts';

let world: World;
openWorld(
  (opened) => {
    world = opened;
  },
  { delays: 'quick' },
);

const tag = (id: string, tags: Record<string, string>) =>
  world.ec2.send(new CreateTagsCommand({ Resources: [id], Tags: toTags(tags) }));

it('lists images marked as a base and named images, newest first and with the image they were built on', async () => {
  const instance = await world.running();
  const older = await world.baked(instance, 'base-older');
  const release = await world.baked(instance, 'release');
  const newer = await world.baked(instance, 'base-newer');
  await tag(older, { [tagKeys.base]: 'true' });
  await tag(newer, { [tagKeys.base]: 'true', [tagKeys.baseSource]: older });
  await tag(release, { [tagKeys.version]: 'v1' });
  const ids = async (...named: string[]) => (await listBaseImages(world.ec2, named)).map(({ imageId }) => imageId);
  expect(await listBaseImages(world.ec2, [])).toEqual([
    { imageId: newer, name: 'base-newer', state: 'available', createdAt: expect.any(String), source: older },
    { imageId: older, name: 'base-older', state: 'available', createdAt: expect.any(String) },
    // What the cloud itself begins with.
    expect.objectContaining({ imageId: account.baseImageId }),
  ]);
  expect(await ids(older, release)).toEqual([newer, release, older, account.baseImageId]);
  // One that the cloud no longer knows is not there; a disabled one still is.
  expect(await ids('ami-0123456789abcdef0')).toEqual([newer, older, account.baseImageId]);
  await world.ec2.send(new DisableImageCommand({ ImageId: older }));
  expect((await listBaseImages(world.ec2, []))[1]).toMatchObject({ imageId: older, state: 'disabled' });
});

it("reads all pages of the account's own images, and none of other accounts", async () => {
  const ec2 = new EC2Client({ region: 'eu-west-1' });
  const image = (ImageId: string, CreationDate: string) => ({ ImageId, CreationDate });
  const mock = mockClient(ec2);
  mock
    .on(DescribeImagesCommand)
    .resolves({ Images: [image('ami-1', '2026-01-01')], NextToken: 'more' })
    .on(DescribeImagesCommand, { NextToken: 'more' })
    .resolves({ Images: [image('ami-2', '2026-01-02')] });
  expect((await listBaseImages(ec2, [])).map(({ imageId }) => imageId)).toEqual(['ami-2', 'ami-1']);
  for (const call of mock.commandCalls(DescribeImagesCommand)) expect(call.args[0].input.Owners).toEqual(['self']);
});
