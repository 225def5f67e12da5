import { DeregisterImageCommand, DescribeImagesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { deregisterImage, resolveBaseImage } from '../../src/aws/images.ts';
import { refusal } from './support/refusal.ts';

const ec2 = new EC2Client({ region: 'eu-west-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } });
const mock = mockClient(ec2);

beforeEach(() => mock.reset());

describe('deregisterImage', () => {
  it('names snapshots that were not deleted', async () => {
    mock.on(DeregisterImageCommand).resolves({
      DeleteSnapshotResults: [
        { SnapshotId: 'snap-1', ReturnCode: 'success' },
        { SnapshotId: 'snap-2', ReturnCode: 'missing-permissions' },
      ],
    });
    await expect(deregisterImage(ec2, 'ami-1')).rejects.toMatchObject({
      code: 'image.snapshots-left',
      message: expect.stringContaining('snap-2 (missing-permissions)'),
    });
  });

  it('treats a missing image as done', async () => {
    mock.on(DeregisterImageCommand).rejects(refusal('InvalidAMIID.NotFound'));
    await expect(deregisterImage(ec2, 'ami-1')).resolves.toBeUndefined();
  });
});

describe('resolveBaseImage', () => {
  it('returns the newest available image that matches', async () => {
    mock.on(DescribeImagesCommand).resolves({
      Images: [
        { ImageId: 'ami-old', State: 'available', CreationDate: '2026-01-01T00:00:00.000Z' },
        { ImageId: 'ami-new', State: 'available', CreationDate: '2026-02-01T00:00:00.000Z' },
        { ImageId: 'ami-newest', State: 'pending', CreationDate: '2026-03-01T00:00:00.000Z' },
      ],
    });
    expect((await resolveBaseImage(ec2, 'golden-base-*')).imageId).toBe('ami-new');
    await resolveBaseImage(ec2, '136693071363/debian-12-amd64-*');
    expect(mock.commandCalls(DescribeImagesCommand).map((call) => call.args[0].input)).toEqual([
      { Owners: ['self'], Filters: [{ Name: 'name', Values: ['golden-base-*'] }] },
      { Owners: ['136693071363'], Filters: [{ Name: 'name', Values: ['debian-12-amd64-*'] }] },
    ]);
  });

  it('names the pattern that no image matches', async () => {
    mock.on(DescribeImagesCommand).resolves({ Images: [] });
    await expect(resolveBaseImage(ec2, 'nope-*')).rejects.toMatchObject({
      code: 'image.no-base',
      message: expect.stringContaining('nope-*'),
    });
  });
});
