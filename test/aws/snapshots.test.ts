import { DeleteSnapshotCommand, DescribeSnapshotsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, expect, it } from 'vitest';
import { deleteSnapshot, listSnapshots } from '../../src/aws/snapshots.ts';
import { refusal } from './support/refusal.ts';

const ec2 = new EC2Client({ region: 'eu-west-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } });
const mock = mockClient(ec2);

beforeEach(() => mock.reset());

it('lists only snapshots with the tags of that app and environment, oldest first', async () => {
  mock
    .on(DescribeSnapshotsCommand)
    .resolvesOnce({
      Snapshots: [{ SnapshotId: 'snap-2', State: 'completed', StartTime: new Date(2_000), VolumeSize: 8 }],
      NextToken: 'more',
    })
    .resolves({
      Snapshots: [
        {
          SnapshotId: 'snap-1',
          State: 'error',
          StartTime: new Date(1_000),
          VolumeSize: 20,
          Tags: [
            { Key: 'golden-pipeline:version', Value: 'v7' },
            { Key: 'golden-pipeline:retired-at', Value: '2026-01-01T00:00:00.000Z' },
          ],
        },
      ],
    });
  expect(await listSnapshots(ec2, 'api', 'staging')).toEqual([
    {
      id: 'snap-1',
      state: 'error',
      startedAt: '1970-01-01T00:00:01.000Z',
      version: 'v7',
      retiredAt: '2026-01-01T00:00:00.000Z',
      sizeGb: 20,
    },
    { id: 'snap-2', state: 'completed', startedAt: '1970-01-01T00:00:02.000Z', sizeGb: 8 },
  ]);
  expect(mock.commandCalls(DescribeSnapshotsCommand)[0]?.args[0].input).toMatchObject({
    OwnerIds: ['self'],
    Filters: [
      { Name: 'tag:golden-pipeline:app', Values: ['api'] },
      { Name: 'tag:golden-pipeline:environment', Values: ['staging'] },
    ],
  });
});

it('distinguishes a snapshot that an image needs from one that is gone', async () => {
  mock
    .on(DeleteSnapshotCommand)
    .rejectsOnce(refusal('InvalidSnapshot.InUse'))
    .rejectsOnce(refusal('InvalidSnapshot.NotFound'))
    .rejectsOnce(refusal('UnauthorizedOperation'))
    .resolves({});
  expect(await deleteSnapshot(ec2, 'snap-1')).toBe(false);
  expect(await deleteSnapshot(ec2, 'snap-1')).toBe(true);
  await expect(deleteSnapshot(ec2, 'snap-1')).rejects.toMatchObject({ name: 'UnauthorizedOperation' });
  expect(await deleteSnapshot(ec2, 'snap-1')).toBe(true);
});
