import type { DeleteSnapshotReturnCode, DeregisterImageRequest, DeregisterImageResult } from '@aws-sdk/client-ec2';
import type { CloudContext } from '../../context.ts';
import { CloudError, type HandlerTable } from '../../wire/handler.ts';
import type { Bakes } from './bakes.ts';
import { findImage } from './lookup.ts';
import { protectionOf, userOf } from './shape.ts';

/** DeregisterImage. */
export function deregisterHandlers(context: CloudContext, bakes: Bakes): HandlerTable {
  const { state, clock, delays } = context;
  /** Tombstones make repeated calls answer `Unavailable`; they go after as long as terminated instances do. */
  const prune = () => {
    for (const image of Object.values(state.images)) {
      const old = (image.deregisteredAt ?? Number.POSITIVE_INFINITY) + delays.terminatedVisible < clock.now();
      if (old && !image.dataLeft) delete state.images[image.id];
    }
  };
  return {
    DeregisterImage: (input: DeregisterImageRequest): DeregisterImageResult => {
      const image = findImage(state, input.ImageId);
      const protection = protectionOf(image, clock.now());
      if (protection !== 'disabled') {
        throw new CloudError(
          'OperationNotPermitted',
          `The image '${image.id}' cannot be deregistered: its deregistration protection is ${protection}.`,
        );
      }
      prune();
      image.state = 'deregistered';
      image.deregisteredAt = clock.now();
      image.dataLeft = true;
      const results: DeleteSnapshotReturnCode[] = [];
      if (input.DeleteAssociatedSnapshots) {
        const shared = userOf(state, image.snapshotId) !== undefined;
        const there = state.snapshots[image.snapshotId] !== undefined;
        if (there && !shared) delete state.snapshots[image.snapshotId];
        if (there) results.push({ SnapshotId: image.snapshotId, ReturnCode: shared ? 'skipped' : 'success' });
      }
      context.changed();
      bakes.sweep();
      return { Return: true, DeleteSnapshotResults: results };
    },
  };
}
