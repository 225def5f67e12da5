import type { CopyImageRequest, CopyImageResult } from '@aws-sdk/client-ec2';
import type { CloudContext } from '../../context.ts';
import { newId, requestDigest } from '../../ids.ts';
import type { CloudState, ImageRecord } from '../../model.ts';
import { type CallContext, CloudError, type HandlerTable } from '../../wire/handler.ts';
import { invalidValue, required, unsupported } from '../errors.ts';
import { tagsFor } from '../tag-shapes.ts';
import type { Bakes } from './bakes.ts';
import { checkImageName } from './create.ts';
import { readEncryption } from './encryption.ts';
import { launchableImage } from './lookup.ts';
import { ownTags } from './shape.ts';

/** The volume that EC2 names for snapshots that were copied. */
export const copiedVolumeId = 'vol-ffffffff';

/** CopyImage, called in the region that the copy is to be in. */
export function copyImageHandlers(context: CloudContext, bakes: Bakes): HandlerTable {
  const { state, clock, region } = context;
  return {
    CopyImage: (input: CopyImageRequest, call: CallContext): CopyImageResult => {
      const token = input.ClientToken || undefined;
      const digest = requestDigest(input);
      const repeated = token && Object.values(state.images).find((image) => image.clientToken === token);
      if (repeated) {
        if (repeated.clientTokenDigest === digest) return { ImageId: repeated.id };
        throw new CloudError(
          'IdempotentParameterMismatch',
          'The client token has already been used for a previous request with different parameters.',
        );
      }
      refuseOutposts(input);
      checkDuration(input.SnapshotCopyCompletionDurationMinutes);
      if ((input.Description?.length ?? 0) > 255) throw invalidValue('The description is limited to 255 characters');
      const from = sourceState(context, input.SourceRegion);
      const sourceId = required(input.SourceImageId, 'SourceImageId');
      const source = launchableImage(from, sourceId);
      const name = checkImageName(state, required(input.Name, 'Name'));
      const { encrypted, kmsKeyId } = readEncryption(region, input, source);
      const sourceSnapshot = from.snapshots[source.snapshotId];
      const image: ImageRecord = {
        id: newId('ami'),
        name,
        description: input.Description || undefined,
        state: 'pending',
        createdAt: clock.now(),
        snapshotId: newId('snap'),
        dataId: source.dataId ?? source.id,
        source: { imageId: source.id, region: input.SourceRegion ?? '' },
        tags: {
          ...(input.CopyImageTags ? ownTags(source.tags) : {}),
          ...tagsFor(input.TagSpecifications, 'image', ['image', 'snapshot']),
        },
        encrypted,
        clientToken: token,
        clientTokenDigest: token && digest,
      };
      state.images[image.id] = image;
      state.snapshots[image.snapshotId] = {
        id: image.snapshotId,
        state: 'pending',
        volumeId: copiedVolumeId,
        description: `Copied for DestinationAmi ${image.id} from SourceAmi ${source.id} for SourceSnapshot ${source.snapshotId}. Task created on ${clock.now()}.`,
        startTime: image.createdAt,
        sizeBytes: sourceSnapshot?.sizeBytes ?? 0,
        volumeGib: sourceSnapshot?.volumeGib,
        tags: tagsFor(input.TagSpecifications, 'snapshot', ['image', 'snapshot']),
        encrypted,
        kmsKeyId,
      };
      context.changed();
      for (const fault of bakes.beginCopy(image)) call.struck?.(fault);
      return { ImageId: image.id };
    },
  };
}

/** The records of the region that a copy is made from. @throws CloudError for a name that is not a region. */
export function sourceState({ region, regions, state }: CloudContext, name: string | undefined): CloudState {
  const wanted = required(name, 'SourceRegion');
  const found = wanted === region.name ? state : regions?.state(wanted);
  if (found) return found;
  throw invalidValue(`Value (${wanted}) for parameter sourceRegion is invalid. There is no such region.`);
}

/** Completion durations are multiples of 15 minutes, up to two days. */
export function checkDuration(minutes: number | undefined): void {
  if (minutes === undefined || (minutes % 15 === 0 && minutes >= 15 && minutes <= 2880)) return;
  throw invalidValue(`Invalid completion duration ${minutes}: a multiple of 15 minutes, from 15 to 2880`);
}

function refuseOutposts(input: CopyImageRequest): void {
  const named = [input.DestinationOutpostArn, input.DestinationAvailabilityZone, input.DestinationAvailabilityZoneId];
  if (named.some(Boolean)) {
    throw unsupported('There are no Outposts and Local Zones here to copy an image to.');
  }
}
