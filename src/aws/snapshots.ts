import {
  DeleteSnapshotCommand,
  DescribeSnapshotsCommand,
  type EC2Client,
  paginateDescribeSnapshots,
  type Snapshot,
} from '@aws-sdk/client-ec2';
import { awsCode, isNotFound } from './errors.ts';
import { observedChange } from './observed.ts';
import { tagKeys, tagValue } from './tags.ts';

/** A snapshot with the pipeline's tags. */
export interface OwnSnapshot {
  id: string;
  /** `pending`, `completed` or `error` ... */
  state: string;
  /** ISO time. */
  startedAt: string;
  /** Version of its image. */
  version?: string;
  /** ISO time at which its image was retired. */
  retiredAt?: string;
  /** Size of the volume in GB: the maximum size of the snapshot. */
  sizeGb: number;
}

function toOwnSnapshot(snapshot: Snapshot): OwnSnapshot {
  return {
    id: snapshot.SnapshotId ?? '',
    state: snapshot.State ?? 'unknown',
    startedAt: snapshot.StartTime?.toISOString() ?? '',
    version: tagValue(snapshot.Tags, tagKeys.version),
    retiredAt: tagValue(snapshot.Tags, tagKeys.retiredAt),
    sizeGb: snapshot.VolumeSize ?? 0,
  };
}

/** All snapshots with the tags of an app in an environment, oldest first. */
export async function listSnapshots(ec2: EC2Client, app: string, environment: string): Promise<OwnSnapshot[]> {
  const snapshots: OwnSnapshot[] = [];
  const pages = paginateDescribeSnapshots(
    { client: ec2 },
    {
      OwnerIds: ['self'],
      Filters: [
        { Name: `tag:${tagKeys.app}`, Values: [app] },
        { Name: `tag:${tagKeys.environment}`, Values: [environment] },
      ],
      MaxResults: 1000,
    },
  );
  for await (const page of pages) snapshots.push(...(page.Snapshots ?? []).map(toOwnSnapshot));
  return snapshots.sort((a, b) => a.startedAt.localeCompare(b.startedAt) || a.id.localeCompare(b.id));
}

/**
 * Deletes a snapshot; a missing one is not an error. EC2 refuses to delete a snapshot that a registered image needs.
 * @returns false when an image still needs it
 */
export async function deleteSnapshot(ec2: EC2Client, id: string): Promise<boolean> {
  try {
    await observedChange(
      () => ec2.send(new DeleteSnapshotCommand({ SnapshotId: id })),
      () => isGone(ec2, id),
    );
  } catch (error) {
    if (awsCode(error) === 'InvalidSnapshot.InUse') return false;
    if (!isNotFound(error)) throw error;
  }
  return true;
}

async function isGone(ec2: EC2Client, id: string): Promise<boolean> {
  const { Snapshots = [] } = await ec2.send(
    new DescribeSnapshotsCommand({ Filters: [{ Name: 'snapshot-id', Values: [id] }] }),
  );
  return Snapshots.length === 0;
}
