import type { Image, Snapshot } from '@aws-sdk/client-ec2';
import type { CloudState, ImageRecord, SnapshotRecord, Tags } from '../../model.ts';
import { account } from '../../settings.ts';
import { tagsIfAny } from '../tag-shapes.ts';
import { defaultVolumeGib, rootDevice } from '../volumes/root.ts';

/** An image in the SDK's shape. */
export function toImage(state: CloudState, record: ImageRecord, now: number): Image {
  return {
    ImageId: record.id,
    Name: record.name,
    Description: record.description ?? '',
    State: record.state,
    StateReason: record.stateReason && { Code: record.stateReason.code, Message: record.stateReason.message },
    CreationDate: new Date(record.createdAt).toISOString(),
    DeprecationTime: record.deprecationTime === undefined ? undefined : new Date(record.deprecationTime).toISOString(),
    OwnerId: account.id,
    ImageLocation: `${account.id}/${record.name}`,
    ImageType: 'machine',
    Architecture: 'x86_64',
    Hypervisor: 'xen',
    VirtualizationType: 'hvm',
    RootDeviceType: 'ebs',
    RootDeviceName: rootDevice,
    EnaSupport: true,
    SriovNetSupport: 'simple',
    PlatformDetails: 'Linux/UNIX',
    UsageOperation: 'RunInstances',
    Public: isPublic(record),
    ProductCodes: [],
    SourceInstanceId: record.sourceInstanceId,
    SourceImageId: record.source?.imageId,
    SourceImageRegion: record.source?.region,
    DeregistrationProtection: protectionOf(record, now),
    BlockDeviceMappings: [
      {
        DeviceName: rootDevice,
        Ebs: {
          SnapshotId: record.snapshotId,
          VolumeSize: state.snapshots[record.snapshotId]?.volumeGib ?? defaultVolumeGib,
          VolumeType: 'gp3',
          DeleteOnTermination: true,
          Encrypted: record.encrypted ?? false,
        },
      },
    ],
    Tags: tagsIfAny(record.tags),
  };
}

export function isPublic(record: ImageRecord): boolean {
  return record.launchPermissions?.includes('all') ?? false;
}

/** A snapshot in the SDK's shape. */
export function toSnapshot(record: SnapshotRecord, now: number): Snapshot {
  const state = snapshotState(record, now);
  return {
    SnapshotId: record.id,
    VolumeId: record.volumeId,
    State: state,
    Progress: state === 'completed' ? '100%' : '0%',
    CompletionTime:
      record.completedAt === undefined || state !== 'completed' ? undefined : new Date(record.completedAt),
    StartTime: new Date(record.startTime),
    Description: record.description ?? '',
    OwnerId: account.id,
    VolumeSize: record.volumeGib ?? defaultVolumeGib,
    FullSnapshotSizeInBytes: record.sizeBytes,
    Encrypted: record.encrypted ?? false,
    KmsKeyId: record.kmsKeyId,
    StorageTier: 'standard',
    Tags: tagsIfAny(record.tags),
  };
}

/** State of a snapshot; one that no image waits for becomes complete by the passing of time alone. */
export function snapshotState(record: SnapshotRecord, now: number): SnapshotRecord['state'] {
  return record.state === 'pending' && now >= (record.completedAt ?? Number.POSITIVE_INFINITY)
    ? 'completed'
    : record.state;
}

/**
 * As DescribeImages words the protection against deregistration. AWS does not say what it answers during the cooldown of
 * a protection that has been switched off: here it still is what it does, enabled.
 */
export function protectionOf({ protection }: ImageRecord, now: number): string {
  if (!protection || (protection.until !== undefined && now >= protection.until)) return 'disabled';
  return protection.withCooldown ? 'enabled-with-cooldown' : 'enabled-without-cooldown';
}

/** Tags that may be copied: those reserved for AWS stay behind. */
export function ownTags(tags: Tags): Tags {
  return Object.fromEntries(Object.entries(tags).filter(([key]) => !key.startsWith('aws:')));
}

/** The registered image that needs a snapshot, if any. */
export function userOf(state: CloudState, snapshotId: string): ImageRecord | undefined {
  return Object.values(state.images).find((image) => image.snapshotId === snapshotId && image.state !== 'deregistered');
}
