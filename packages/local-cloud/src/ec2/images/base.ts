import type { CloudContext } from '../../context.ts';
import { derivedId } from '../../ids.ts';
import { account } from '../../settings.ts';

/** Adds the record of the image that every account starts with, unless it is there. Its data is the machine driver's matter. */
export function ensureBaseImage(context: CloudContext): void {
  const { state, clock, region } = context;
  const id = region.baseImageId;
  const found = state.images[id];
  if (found && found.state !== 'deregistered') return;
  const snapshotId = derivedId('snap', id);
  const tags = { 'golden-pipeline:base': 'true' };
  state.images[id] = {
    id,
    name: account.baseImageName,
    description: 'A bare machine with an init and SSH',
    state: 'available',
    createdAt: clock.now(),
    snapshotId,
    // One and the same in every region.
    dataId: id === account.baseImageId ? undefined : account.baseImageId,
    tags: { ...tags },
  };
  state.snapshots[snapshotId] = {
    id: snapshotId,
    state: 'completed',
    volumeId: derivedId('vol', id),
    description: `The disk of ${account.baseImageName}`,
    startTime: clock.now(),
    sizeBytes: 0,
    tags: { ...tags },
  };
  context.changed();
}
