import type {
  DescribeVolumeStatusRequest,
  DescribeVolumeStatusResult,
  DescribeVolumesRequest,
  DescribeVolumesResult,
  Volume,
  VolumeStatusItem,
} from '@aws-sdk/client-ec2';
import type { CloudContext } from '../../context.ts';
import type { ImageRecord, InstanceRecord } from '../../model.ts';
import { CloudError, type HandlerTable } from '../../wire/handler.ts';
import { doNotExist } from '../errors.ts';
import { applyFilters } from '../filters.ts';
import { paginate } from '../pagination.ts';
import { tagList } from '../tag-shapes.ts';
import { rootDevice, volumeGib } from './shape.ts';

/** DescribeVolumes: every instance that is not terminated has one root volume. */
export function volumeHandlers(context: CloudContext): HandlerTable {
  const { state } = context;
  return {
    DescribeVolumeStatus: (input: DescribeVolumeStatusRequest): DescribeVolumeStatusResult => {
      const owners = Object.values(state.instances).filter((one) => one.state !== 'terminated');
      const wanted = input.VolumeIds ?? [];
      const unknown = wanted.filter((id) => !owners.some((one) => one.volumeId === id));
      if (unknown.length > 0) throw new CloudError('InvalidVolume.NotFound', doNotExist('volume', unknown));
      const asked = owners.filter((one) => wanted.length === 0 || wanted.includes(one.volumeId));
      const kept = applyFilters(asked, input.Filters, {
        'availability-zone': (one) => one.availabilityZone,
        'volume-status.status': () => 'ok',
        'volume-status.details-name': () => 'io-enabled',
        'volume-status.details-status': () => 'passed',
      });
      const page = paginate(kept, input, { min: 5, max: 1000 }, (one) => one.volumeId);
      return { VolumeStatuses: page.items.map(toVolumeStatus), NextToken: page.nextToken };
    },
    DescribeVolumes: (input: DescribeVolumesRequest): DescribeVolumesResult => {
      const owners = Object.values(state.instances).filter((one) => one.state !== 'terminated');
      const wanted = input.VolumeIds?.length ? new Set(input.VolumeIds) : undefined;
      const unknown = [...(wanted ?? [])].filter((id) => !owners.some((one) => one.volumeId === id));
      if (unknown.length > 0) throw new CloudError('InvalidVolume.NotFound', doNotExist('volume', unknown));
      const kept = applyFilters(
        owners.filter((one) => !wanted || wanted.has(one.volumeId)),
        input.Filters,
        {
          'volume-id': (one) => one.volumeId,
          'attachment.instance-id': (one) => one.id,
          'attachment.device': () => rootDevice,
          'attachment.status': () => 'attached',
          'attachment.delete-on-termination': () => 'true',
          'availability-zone': (one) => one.availabilityZone,
          'snapshot-id': (one) => state.images[one.imageId]?.snapshotId,
          status: () => 'in-use',
          'volume-type': () => 'gp3',
        },
        (one) => one.volumeTags ?? {},
      );
      const page = paginate(kept, input, { min: 5, max: 1000 }, (one) => one.volumeId);
      return {
        Volumes: page.items.map((one) => toVolume(one, state.images[one.imageId])),
        NextToken: page.nextToken,
      };
    },
  };
}

function toVolume(owner: InstanceRecord, image: ImageRecord | undefined): Volume {
  const since = new Date(owner.launchTime);
  return {
    VolumeId: owner.volumeId,
    Size: volumeGib(owner),
    SnapshotId: image?.snapshotId ?? '',
    AvailabilityZone: owner.availabilityZone,
    State: 'in-use',
    CreateTime: since,
    VolumeType: 'gp3',
    Encrypted: image?.encrypted ?? false,
    Attachments: [
      {
        VolumeId: owner.volumeId,
        InstanceId: owner.id,
        Device: rootDevice,
        State: 'attached',
        AttachTime: since,
        DeleteOnTermination: true,
      },
    ],
    Tags: tagList(owner.volumeTags ?? {}),
  };
}

function toVolumeStatus(owner: InstanceRecord): VolumeStatusItem {
  return {
    VolumeId: owner.volumeId,
    AvailabilityZone: owner.availabilityZone,
    VolumeStatus: { Status: 'ok', Details: [{ Name: 'io-enabled', Status: 'passed' }] },
    Actions: [],
    Events: [],
  };
}
