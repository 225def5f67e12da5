import type { Image, LaunchPermission, Snapshot } from '@aws-sdk/client-ec2';
import type { CloudState, ImageRecord, SnapshotRecord } from '../../model.ts';
import { account } from '../../settings.ts';
import { defaultVolumeGib, rootDevice } from '../instances/shape.ts';
import { tagList } from '../tag-shapes.ts';

/** An image in the SDK's shape. */
export function toImage(record: ImageRecord): Image {
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
    BlockDeviceMappings: [
      {
        DeviceName: rootDevice,
        Ebs: {
          SnapshotId: record.snapshotId,
          VolumeSize: defaultVolumeGib,
          VolumeType: 'gp3',
          DeleteOnTermination: true,
          Encrypted: false,
        },
      },
    ],
    Tags: tagList(record.tags),
  };
}

export function isPublic(record: ImageRecord): boolean {
  return record.launchPermissions?.includes('all') ?? false;
}

export function toPermissions(record: ImageRecord): LaunchPermission[] {
  return (record.launchPermissions ?? []).map((who) => (who === 'all' ? { Group: 'all' as const } : { UserId: who }));
}

/** A snapshot in the SDK's shape. */
export function toSnapshot(record: SnapshotRecord): Snapshot {
  return {
    SnapshotId: record.id,
    VolumeId: record.volumeId,
    State: record.state,
    Progress: record.state === 'completed' ? '100%' : '0%',
    StartTime: new Date(record.startTime),
    Description: record.description ?? '',
    OwnerId: account.id,
    VolumeSize: defaultVolumeGib,
    FullSnapshotSizeInBytes: record.sizeBytes,
    Encrypted: false,
    StorageTier: 'standard',
    Tags: tagList(record.tags),
  };
}

/** The registered image that needs a snapshot, if any. */
export function userOf(state: CloudState, snapshotId: string): ImageRecord | undefined {
  return Object.values(state.images).find((image) => image.snapshotId === snapshotId && image.state !== 'deregistered');
}
