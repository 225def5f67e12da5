import { isId } from '../../ids.ts';
import type { CloudState, ImageRecord, SnapshotRecord } from '../../model.ts';
import { CloudError } from '../../wire/handler.ts';
import { doNotExist, required } from '../errors.ts';

/**
 * An image that is still registered.
 * @throws CloudError `InvalidAMIID.Malformed`, `.NotFound`, or `.Unavailable` for one that was deregistered.
 */
export function findImage(state: CloudState, imageId: string | undefined): ImageRecord {
  const id = required(imageId, 'ImageId');
  if (!isId('ami', id)) throw new CloudError('InvalidAMIID.Malformed', `Invalid id: "${id}" (expecting "ami-...")`);
  const found = state.images[id];
  if (!found) throw imageNotFound([id]);
  if (found.state === 'deregistered') {
    throw new CloudError('InvalidAMIID.Unavailable', `The image ID '${id}' is no longer available`);
  }
  return found;
}

export function imageNotFound(ids: string[]): CloudError {
  const text =
    ids.length === 1 ? `The image id '[${ids[0]}]' does not exist` : `The image ids '[${ids.join(', ')}]' do not exist`;
  return new CloudError('InvalidAMIID.NotFound', text);
}

/** @throws CloudError `InvalidSnapshotID.Malformed` or `InvalidSnapshot.NotFound`. */
export function findSnapshot(state: CloudState, snapshotId: string | undefined): SnapshotRecord {
  const id = required(snapshotId, 'SnapshotId');
  if (!isId('snap', id)) throw new CloudError('InvalidSnapshotID.Malformed', `Invalid id: "${id}"`);
  const found = state.snapshots[id];
  if (found) return found;
  throw new CloudError('InvalidSnapshot.NotFound', doNotExist('snapshot', [id]));
}

/** An image that machines can start from: `available`. */
export function launchableImage(state: CloudState, imageId: string): ImageRecord {
  const image = findImage(state, imageId);
  if (image.state === 'available') return image;
  throw new CloudError(
    'InvalidAMIID.Unavailable',
    `The image ID '${imageId}' is not available: its state is ${image.state}`,
  );
}
