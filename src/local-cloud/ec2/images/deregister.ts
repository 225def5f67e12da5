import type {
  DeleteSnapshotRequest,
  DeleteSnapshotReturnCode,
  DeregisterImageRequest,
  DeregisterImageResult,
  DescribeSnapshotsRequest,
  DescribeSnapshotsResult,
} from '@aws-sdk/client-ec2';
import type { CloudContext } from '../../context.ts';
import { isId } from '../../ids.ts';
import { account } from '../../settings.ts';
import { CloudError, type HandlerTable } from '../../wire/handler.ts';
import { doNotExist, required } from '../errors.ts';
import { applyFilters } from '../filters.ts';
import { paginate, timeKey } from '../pagination.ts';
import type { Bakes } from './bakes.ts';
import { findImage } from './lookup.ts';
import { toSnapshot, userOf } from './shape.ts';

/** DeregisterImage, and the snapshots behind images. */
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
    DescribeSnapshots: (input: DescribeSnapshotsRequest): DescribeSnapshotsResult => {
      const ids = input.SnapshotIds?.length ? new Set(input.SnapshotIds) : undefined;
      const unknown = [...(ids ?? [])].filter((id) => !state.snapshots[id]);
      if (unknown.length > 0) throw new CloudError('InvalidSnapshot.NotFound', doNotExist('snapshot', unknown));
      const owners = input.OwnerIds ?? [];
      const ours = owners.length === 0 || owners.includes('self') || owners.includes(account.id);
      const seen = ours ? Object.values(state.snapshots).filter((one) => !ids || ids.has(one.id)) : [];
      const kept = applyFilters(
        seen,
        input.Filters,
        {
          'snapshot-id': (one) => one.id,
          'volume-id': (one) => one.volumeId,
          'start-time': (one) => new Date(one.startTime).toISOString(),
          'owner-id': () => account.id,
          description: (one) => one.description ?? '',
          status: (one) => one.state,
          'storage-tier': () => 'standard',
          encrypted: () => 'false',
        },
        (one) => one.tags,
      );
      const page = paginate(kept, input, { min: 5, max: 1000 }, (one) => timeKey(one.startTime, one.id));
      return { Snapshots: page.items.map(toSnapshot), NextToken: page.nextToken };
    },
    DeleteSnapshot: (input: DeleteSnapshotRequest): void => {
      const id = required(input.SnapshotId, 'SnapshotId');
      if (!isId('snap', id)) throw new CloudError('InvalidSnapshotID.Malformed', `Invalid id: "${id}"`);
      if (!state.snapshots[id]) throw new CloudError('InvalidSnapshot.NotFound', doNotExist('snapshot', [id]));
      const user = userOf(state, id);
      if (user) throw new CloudError('InvalidSnapshot.InUse', `The snapshot ${id} is currently in use by ${user.id}`);
      delete state.snapshots[id];
      context.changed();
    },
  };
}
