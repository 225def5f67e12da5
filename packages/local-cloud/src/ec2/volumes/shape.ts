import type {
  InstanceBlockDeviceMapping,
  VolumeAttachment as SdkAttachment,
  Volume,
  VolumeStatusItem,
} from '@aws-sdk/client-ec2';
import type { VolumeAttachment, VolumeRecord } from '../../model.ts';
import { tagsIfAny } from '../tag-shapes.ts';

/** A volume in the SDK's shape. */
export function toVolume(record: VolumeRecord): Volume {
  const { attachment } = record;
  return {
    VolumeId: record.id,
    Size: record.gib,
    SnapshotId: record.snapshotId ?? '',
    AvailabilityZone: record.zone,
    State: stateOf(record),
    CreateTime: new Date(record.createdAt),
    VolumeType: record.type as Volume['VolumeType'],
    Iops: record.iops,
    Throughput: record.throughput,
    Encrypted: record.encrypted ?? false,
    KmsKeyId: record.kmsKeyId,
    MultiAttachEnabled: false,
    Attachments: attachment ? [toAttachment(record.id, attachment)] : [],
    Tags: tagsIfAny(record.tags),
  };
}

export function stateOf({ attachment }: VolumeRecord): 'available' | 'in-use' {
  return attachment ? 'in-use' : 'available';
}

export function toAttachment(VolumeId: string, attachment: VolumeAttachment): SdkAttachment {
  return {
    VolumeId,
    InstanceId: attachment.instanceId,
    Device: attachment.device,
    State: 'attached',
    AttachTime: new Date(attachment.at),
    DeleteOnTermination: attachment.deleteOnTermination,
  };
}

/** A volume as its instance tells of it. */
export function toMapping({ id, attachment }: VolumeRecord): InstanceBlockDeviceMapping {
  return {
    DeviceName: attachment?.device,
    Ebs: {
      VolumeId: id,
      Status: 'attached',
      DeleteOnTermination: attachment?.deleteOnTermination ?? false,
      AttachTime: attachment && new Date(attachment.at),
    },
  };
}

export function toVolumeStatus({ id, zone }: VolumeRecord): VolumeStatusItem {
  return {
    VolumeId: id,
    AvailabilityZone: zone,
    VolumeStatus: { Status: 'ok', Details: [{ Name: 'io-enabled', Status: 'passed' }] },
    Actions: [],
    Events: [],
  };
}
