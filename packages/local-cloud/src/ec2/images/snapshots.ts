import type {
  CopySnapshotRequest,
  CopySnapshotResult,
  CreateSnapshotRequest,
  DeleteSnapshotRequest,
  DescribeSnapshotsRequest,
  DescribeSnapshotsResult,
  Snapshot,
} from '@aws-sdk/client-ec2';
import type { CloudContext } from '../../context.ts';
import { newId } from '../../ids.ts';
import type { SnapshotRecord } from '../../model.ts';
import { account } from '../../settings.ts';
import { CloudError, type HandlerTable } from '../../wire/handler.ts';
import { invalidValue } from '../errors.ts';
import { applyFilters, withoutValue } from '../filters.ts';
import { paginate, timeKey } from '../pagination.ts';
import { tagList, tagsFor } from '../tag-shapes.ts';
import { findVolume } from '../volumes/table.ts';
import { checkDuration, copiedVolumeId, sourceState } from './copy.ts';
import { readEncryption } from './encryption.ts';
import { findSnapshot } from './lookup.ts';
import { snapshotState, toSnapshot, userOf } from './shape.ts';

/**
 * Snapshots, of images and of volumes. A snapshot of a volume is a record alone: no operation here could make a volume or an
 * image of it, so nothing is copied.
 */
export function snapshotHandlers(context: CloudContext): HandlerTable {
  const { state, clock, delays, region } = context;
  const add = (made: Omit<SnapshotRecord, 'id' | 'state' | 'startTime' | 'completedAt'>): SnapshotRecord => {
    const startTime = clock.now();
    const completedAt = startTime + delays.imagePending;
    const record: SnapshotRecord = { id: newId('snap'), state: 'pending', startTime, completedAt, ...made };
    state.snapshots[record.id] = record;
    context.changed();
    return record;
  };
  return {
    CreateSnapshot: (input: CreateSnapshotRequest): Snapshot => {
      const { id: volumeId, gib, encrypted, kmsKeyId } = findVolume(state, input.VolumeId);
      const description = readDescription(input.Description);
      const tags = tagsFor(input.TagSpecifications, 'snapshot', ['snapshot']);
      const made = add({ volumeId, description, tags, encrypted, kmsKeyId, sizeBytes: 0, volumeGib: gib });
      return { ...toSnapshot(made, clock.now()), Tags: tagList(tags) };
    },
    CopySnapshot: (input: CopySnapshotRequest): CopySnapshotResult => {
      checkDuration(input.CompletionDurationMinutes);
      const from = sourceState(context, input.SourceRegion);
      const source = findSnapshot(from, input.SourceSnapshotId);
      if (snapshotState(source, clock.now()) !== 'completed') {
        throw new CloudError('IncorrectState', `The snapshot '${source.id}' is not completed.`);
      }
      const { sizeBytes, volumeGib } = source;
      const tags = tagsFor(input.TagSpecifications, 'snapshot', ['snapshot']);
      const description = readDescription(input.Description);
      const encryption = readEncryption(region, input, source);
      const record = add({ volumeId: copiedVolumeId, description, tags, sizeBytes, volumeGib, ...encryption });
      return { SnapshotId: record.id, Tags: tagList(tags) };
    },
    DescribeSnapshots: (input: DescribeSnapshotsRequest): DescribeSnapshotsResult => {
      const ids = input.SnapshotIds?.length ? new Set(input.SnapshotIds) : undefined;
      for (const id of ids ?? []) findSnapshot(state, id);
      const owners = input.OwnerIds ?? [];
      const ours = owners.length === 0 || owners.includes('self') || owners.includes(account.id);
      const seen = ours ? Object.values(state.snapshots).filter((one) => !ids || ids.has(one.id)) : [];
      const kept = applyFilters(
        seen,
        input.Filters,
        {
          'snapshot-id': (one) => one.id,
          'volume-id': (one) => one.volumeId,
          'volume-size': (one) => String(toSnapshot(one, clock.now()).VolumeSize),
          'start-time': (one) => new Date(one.startTime).toISOString(),
          'owner-id': () => account.id,
          description: (one) => one.description ?? '',
          status: (one) => snapshotState(one, clock.now()),
          progress: (one) => toSnapshot(one, clock.now()).Progress,
          'storage-tier': () => 'standard',
          encrypted: (one) => String(one.encrypted ?? false),
          ...withoutValue('owner-alias transfer-type'),
        },
        (one) => one.tags,
      );
      const page = paginate(kept, input, { min: 5, max: 1000 }, (one) => timeKey(one.startTime, one.id));
      return { Snapshots: page.items.map((one) => toSnapshot(one, clock.now())), NextToken: page.nextToken };
    },
    DeleteSnapshot: (input: DeleteSnapshotRequest): void => {
      const { id } = findSnapshot(state, input.SnapshotId);
      const user = userOf(state, id);
      if (user) throw new CloudError('InvalidSnapshot.InUse', `The snapshot ${id} is currently in use by ${user.id}`);
      delete state.snapshots[id];
      context.changed();
    },
  };
}

function readDescription(text: string | undefined): string | undefined {
  if ((text?.length ?? 0) > 255) throw invalidValue('The description is limited to 255 characters');
  return text || undefined;
}
