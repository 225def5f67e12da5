import type {
  DescribeVolumeStatusRequest,
  DescribeVolumeStatusResult,
  DescribeVolumesRequest,
  DescribeVolumesResult,
} from '@aws-sdk/client-ec2';
import type { CloudContext } from '../../context.ts';
import type { VolumeRecord } from '../../model.ts';
import type { HandlerTable } from '../../wire/handler.ts';
import { applyFilters, type Fields, withoutValue } from '../filters.ts';
import { paginate } from '../pagination.ts';
import { stateOf, toVolume, toVolumeStatus } from './shape.ts';
import { checkVolumeId, volumeNotFound, volumesOf } from './table.ts';

const limits = { min: 5, max: 1000 };

/** Nothing ever happens to a volume here, and nobody measures it. */
const neverHappens = withoutValue(`
  action.code action.description action.event-id attachment-status.io-performance event.description event.event-id
  event.event-type event.not-after event.not-before
`);

/** DescribeVolumes and DescribeVolumeStatus. */
export function describeVolumeHandlers(context: CloudContext): HandlerTable {
  const { state, region } = context;
  const named = (ids: string[] | undefined): VolumeRecord[] => {
    const all = volumesOf(state);
    if (!ids?.length) return all;
    const wanted = new Set(ids.map(checkVolumeId));
    const found = all.filter((one) => wanted.has(one.id));
    const unknown = ids.find((id) => !found.some((one) => one.id === id));
    if (unknown !== undefined) throw volumeNotFound(unknown);
    return found;
  };
  const zoneId = (one: VolumeRecord) => region.zoneIds[one.zone];
  const fields: Fields<VolumeRecord> = {
    'volume-id': (one) => one.id,
    'attachment.instance-id': (one) => one.attachment?.instanceId,
    'attachment.device': (one) => one.attachment?.device,
    'attachment.status': (one) => one.attachment && 'attached',
    'attachment.attach-time': (one) => one.attachment && new Date(one.attachment.at).toISOString(),
    'attachment.delete-on-termination': (one) => one.attachment && String(one.attachment.deleteOnTermination),
    'availability-zone': (one) => one.zone,
    'availability-zone-id': zoneId,
    'create-time': (one) => new Date(one.createdAt).toISOString(),
    encrypted: (one) => String(one.encrypted ?? false),
    'fast-restored': () => 'false',
    'multi-attach-enabled': () => 'false',
    'operator.managed': () => 'false',
    'operator.principal': () => undefined,
    size: (one) => String(one.gib),
    'snapshot-id': (one) => one.snapshotId,
    status: stateOf,
    'volume-type': (one) => one.type,
  };
  return {
    DescribeVolumeStatus: (input: DescribeVolumeStatusRequest): DescribeVolumeStatusResult => {
      const kept = applyFilters(named(input.VolumeIds), input.Filters, {
        ...{ 'availability-zone': (one) => one.zone, 'availability-zone-id': zoneId },
        'volume-status.status': () => 'ok',
        'volume-status.details-name': () => 'io-enabled',
        'volume-status.details-status': () => 'passed',
        'attachment-status.instance-id': (one) => one.attachment?.instanceId,
        ...neverHappens,
      });
      const page = paginate(kept, input, limits, (one) => one.id);
      return { VolumeStatuses: page.items.map(toVolumeStatus), NextToken: page.nextToken };
    },
    DescribeVolumes: (input: DescribeVolumesRequest): DescribeVolumesResult => {
      const kept = applyFilters(named(input.VolumeIds), input.Filters, fields, (one) => one.tags);
      const page = paginate(kept, input, limits, (one) => one.id);
      return { Volumes: page.items.map(toVolume), NextToken: page.nextToken };
    },
  };
}
