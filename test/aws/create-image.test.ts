import { CreateImageCommand, DescribeImagesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { ManualClock } from '@golden-pipeline/shared/testing/manual-clock';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { createImage, waitImageAvailable } from '../../src/aws/create-image.ts';
import { readImage } from '../../src/aws/images.ts';
import { createPoll } from '../../src/engine/poll.ts';
import { instantClock } from '../support/instant-clock.ts';
import { lostAnswer, refusal } from './support/refusal.ts';

const ec2 = new EC2Client({ region: 'eu-west-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } });
const mock = mockClient(ec2);
/** A poller that needs no time. */
const poll = createPoll(instantClock());
const request = { instanceId: 'i-1', name: 'api-local-v2', description: 'd', tags: { 'golden-pipeline:run': 'run-1' } };
const ours = { ImageId: 'ami-1', Name: 'api-local-v2', Tags: [{ Key: 'golden-pipeline:run', Value: 'run-1' }] };

beforeEach(() => mock.reset());

describe('createImage', () => {
  it('tags image and snapshots at creation', async () => {
    mock.on(DescribeImagesCommand).resolves({ Images: [] });
    mock.on(CreateImageCommand).resolves({ ImageId: 'ami-1' });
    expect(await createImage(ec2, poll, request)).toBe('ami-1');
    const { TagSpecifications } = mock.commandCalls(CreateImageCommand)[0]?.args[0].input ?? {};
    expect(TagSpecifications?.map((one) => one.ResourceType)).toEqual(['image', 'snapshot']);
  });

  it('finds the image of a lost answer by its name, and never creates a second one', async () => {
    mock
      .on(DescribeImagesCommand)
      .resolvesOnce({ Images: [] })
      .resolves({ Images: [ours] });
    mock.on(CreateImageCommand).rejects(lostAnswer());
    expect(await createImage(ec2, poll, request)).toBe('ami-1');
    expect(mock.commandCalls(CreateImageCommand)).toHaveLength(1);
  });

  it('waits for an image that is not consistent yet when its name is already in use', async () => {
    mock
      .on(DescribeImagesCommand)
      .resolvesOnce({ Images: [] })
      .resolvesOnce({ Images: [] })
      .resolves({ Images: [ours] });
    mock.on(CreateImageCommand).rejects(refusal('InvalidAMIName.Duplicate'));
    expect(await createImage(ec2, poll, request)).toBe('ami-1');
  });

  it('passes any other refusal on without waiting', async () => {
    mock.on(DescribeImagesCommand).resolves({ Images: [] });
    const denied = Object.assign(refusal('UnauthorizedOperation'), { $metadata: { httpStatusCode: 403 } });
    mock.on(CreateImageCommand).rejects(denied);
    await expect(createImage(ec2, poll, request)).rejects.toBe(denied);
    expect(mock.commandCalls(DescribeImagesCommand)).toHaveLength(1);
  });

  it('adopts an image that the same run has started, without a second call', async () => {
    mock.on(DescribeImagesCommand).resolves({ Images: [ours] });
    expect(await createImage(ec2, poll, request)).toBe('ami-1');
    expect(mock.commandCalls(CreateImageCommand)).toHaveLength(0);
  });

  it('refuses a name that belongs to another run', async () => {
    mock.on(DescribeImagesCommand).resolves({ Images: [{ ...ours, Tags: [] }] });
    await expect(createImage(ec2, poll, request)).rejects.toMatchObject({ code: 'image.name-taken' });
  });
});

describe('waitImageAvailable', () => {
  it('waits through "not found yet" and pending', async () => {
    const clock = new ManualClock();
    mock
      .on(DescribeImagesCommand)
      .rejectsOnce(refusal('InvalidAMIID.NotFound'))
      .resolvesOnce({ Images: [{ ...ours, State: 'pending' }] })
      .resolves({ Images: [{ ...ours, State: 'available' }] });
    const waiting = waitImageAvailable(
      ec2,
      createPoll(clock, undefined, () => 0.5),
      'ami-1',
      { everyMs: 1000, timeoutMs: 60_000 },
    );
    await clock.advance(2000);
    expect((await waiting)?.state).toBe('available');
  });

  it('fails at once, with the reason, for an image that can never become available', async () => {
    mock
      .on(DescribeImagesCommand)
      .resolves({ Images: [{ ...ours, State: 'failed', StateReason: { Message: 'disk full' } }] });
    const waiting = waitImageAvailable(ec2, createPoll(new ManualClock()), 'ami-1', {
      everyMs: 1000,
      timeoutMs: 60_000,
    });
    await expect(waiting).rejects.toMatchObject({
      code: 'image.failed',
      message: expect.stringContaining('disk full'),
    });
  });

  it('passes other refusals on instead of polling', async () => {
    mock.on(DescribeImagesCommand).rejects(refusal('UnauthorizedOperation'));
    await expect(readImage(ec2, 'ami-1')).rejects.toMatchObject({ name: 'UnauthorizedOperation' });
  });
});
