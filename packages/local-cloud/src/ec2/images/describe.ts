import type { DescribeImagesRequest, DescribeImagesResult } from '@aws-sdk/client-ec2';
import type { CloudContext } from '../../context.ts';
import { isId } from '../../ids.ts';
import type { ImageRecord } from '../../model.ts';
import { account } from '../../settings.ts';
import { CloudError, type HandlerTable } from '../../wire/handler.ts';
import { applyFilters, type Fields, withoutValue } from '../filters.ts';
import { paginate, timeKey } from '../pagination.ts';
import { defaultVolumeGib, rootDevice } from '../volumes/root.ts';
import { imageNotFound } from './lookup.ts';
import { isPublic, toImage } from './shape.ts';

/** Filters on what no image here has. */
const nothingShown = withoutValue(`
  free-tier-eligible image-watermark.source-image-creation-time image-watermark.source-image-id
  image-watermark.source-image-region image-watermark.watermark-creation-time image-watermark.watermark-key
  kernel-id owner-alias platform product-code product-code.type public-ssm-parameter-name ramdisk-id
  scan-result.critical-fix-available-since scan-result.finding-scan-date scan-result.high-fix-available-since
  scan-result.highest-finding-severity-label scan-result.informational-fix-available-since
  scan-result.low-fix-available-since scan-result.medium-fix-available-since
`);

const fields: Fields<ImageRecord> = {
  ...nothingShown,
  'image-allowed': () => 'true',
  'manifest-location': (one) => `${account.id}/${one.name}`,
  'sriov-net-support': () => 'simple',
  'block-device-mapping.delete-on-termination': () => 'true',
  'block-device-mapping.device-name': () => rootDevice,
  'image-id': (one) => one.id,
  name: (one) => one.name,
  description: (one) => one.description ?? '',
  state: (one) => one.state,
  'state-reason-code': (one) => one.stateReason?.code,
  'state-reason-message': (one) => one.stateReason?.message,
  'creation-date': (one) => new Date(one.createdAt).toISOString(),
  'owner-id': () => account.id,
  'source-image-id': (one) => one.source?.imageId,
  'source-image-region': (one) => one.source?.region,
  'block-device-mapping.encrypted': (one) => String(one.encrypted ?? false),
  'source-instance-id': (one) => one.sourceInstanceId,
  'block-device-mapping.snapshot-id': (one) => one.snapshotId,
  'block-device-mapping.volume-type': () => 'gp3',
  'is-public': (one) => String(isPublic(one)),
  'image-type': () => 'machine',
  architecture: () => 'x86_64',
  hypervisor: () => 'xen',
  'ena-support': () => 'true',
  'root-device-name': () => rootDevice,
  'root-device-type': () => 'ebs',
  'virtualization-type': () => 'hvm',
};

/** DescribeImages. All images belong to the one account; disabled ones appear only with IncludeDisabled. */
export function describeImageHandlers(context: CloudContext): HandlerTable {
  const { state, clock } = context;
  return {
    DescribeImages: (input: DescribeImagesRequest): DescribeImagesResult => {
      const registered = Object.values(state.images).filter((image) => image.state !== 'deregistered');
      const ids = input.ImageIds?.length ? new Set(input.ImageIds) : undefined;
      const malformed = [...(ids ?? [])].find((id) => !isId('ami', id));
      if (malformed !== undefined) {
        throw new CloudError('InvalidAMIID.Malformed', `Invalid id: "${malformed}" (expecting "ami-...")`);
      }
      // One that was deregistered gives no result at first, and is only unknown once it is forgotten.
      const unknown = [...(ids ?? [])].filter((id) => !state.images[id]);
      if (unknown.length > 0) throw imageNotFound(unknown);
      const seen = registered.filter(
        (image) =>
          (!ids || ids.has(image.id)) &&
          (input.IncludeDisabled || image.state !== 'disabled') &&
          ownedBy(input.Owners) &&
          executableBy(image, input.ExecutableUsers),
      );
      const size = (image: ImageRecord) => String(state.snapshots[image.snapshotId]?.volumeGib ?? defaultVolumeGib);
      const all = { ...fields, 'block-device-mapping.volume-size': size };
      const kept = applyFilters(seen, input.Filters, all, (image) => image.tags);
      const page = paginate(kept, input, { min: 1, max: 1000 }, (image) => timeKey(image.createdAt, image.id));
      return { Images: page.items.map((image) => toImage(state, image, clock.now())), NextToken: page.nextToken };
    },
  };
}

function ownedBy(owners: string[] | undefined): boolean {
  return !owners?.length || owners.includes('self') || owners.includes(account.id);
}

/** `self` means explicit permission, which the owner does not need and is not listed with, as in EC2. */
function executableBy(image: ImageRecord, users: string[] | undefined): boolean {
  if (!users?.length) return true;
  const granted = image.launchPermissions ?? [];
  return users.some((user) => granted.includes(user === 'self' ? account.id : user));
}
