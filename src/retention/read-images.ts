import type { Services } from '../fleet/services.ts';
import { monthlyCost } from './cost.ts';
import type { EvaluatedImage, ImageKind } from './evaluate.ts';
import { rulesOf, takeInventory } from './inventory.ts';
import { leftSnapshots, type SnapshotTarget } from './targets.ts';

/** One line of `images --json`. */
export interface ImageStatus {
  version: string;
  /** Empty for snapshots whose image is gone. */
  imageId: string;
  /** EC2's; `gone` for snapshots whose image is gone. */
  state: string;
  commit: string;
  /** Commit of the project that its plays ran from; null where no tag tells. */
  projectCommit: string | null;
  createdAt: string;
  /** An instance runs on it, or new ones start from it. */
  inUse: boolean;
  pinned: boolean;
  knownGood: boolean;
  /** ISO time at which a rollback went away from it: no later one goes there by itself, and retention gives it no place. */
  rolledBackAt: string | null;
  region: string;
  /** `orphan`: no release of the ledger made it; `failed`: its release or its bake failed. */
  kind: ImageKind;
  usedBy: readonly string[];
  /** Why the next prune keeps it; empty for what it retires or deletes. */
  keptBecause: readonly string[];
  pin: { by?: string; at?: string; reason?: string } | null;
  /** ISO times: since when it is disabled, and from when it may be deleted. */
  retiredAt: string | null;
  removableFrom: string | null;
  snapshotIds: string[];
  /** Size of its volumes: the most that its snapshots can hold. */
  sizeGb: number;
  /** USD a month at most. */
  monthlyCost: number;
}

/** The golden images of the app, newest first; after them snapshots that are left of images that are gone. */
export async function readImages(services: Services, now: number): Promise<ImageStatus[]> {
  const { fleet } = services;
  const seen = await takeInventory(services, { now });
  const price = fleet.release.snapshotPrice;
  return [
    ...seen.evaluated.map((one) => ofImage(one, price)).reverse(),
    ...leftSnapshots(seen, rulesOf(fleet)).map((one) => ofSnapshot(one, price)),
  ];
}

function ofImage(
  { image, kind, kept, usedBy, region, removableFrom, rolledBackAt }: EvaluatedImage,
  price: number,
): ImageStatus {
  return {
    version: image.version ?? '',
    imageId: image.imageId,
    state: image.state,
    commit: image.commit ?? '',
    projectCommit: image.projectCommit ?? null,
    createdAt: image.createdAt,
    inUse: usedBy.length > 0,
    pinned: image.pinned,
    knownGood: kind === 'known-good',
    rolledBackAt: rolledBackAt ?? null,
    region,
    kind,
    usedBy,
    keptBecause: kept,
    pin: image.pin ?? null,
    retiredAt: image.retiredAt ?? null,
    removableFrom: removableFrom ?? null,
    snapshotIds: image.snapshotIds,
    sizeGb: image.sizeGb,
    monthlyCost: monthlyCost(image.sizeGb, price),
  };
}

function ofSnapshot({ snapshotId, version, region, sizeGb, startedAt }: SnapshotTarget, price: number): ImageStatus {
  return {
    version: version ?? '',
    imageId: '',
    state: 'gone',
    commit: '',
    projectCommit: null,
    createdAt: startedAt,
    inUse: false,
    pinned: false,
    knownGood: false,
    rolledBackAt: null,
    region,
    kind: 'orphan',
    usedBy: [],
    keptBecause: [],
    pin: null,
    retiredAt: null,
    removableFrom: null,
    snapshotIds: [snapshotId],
    sizeGb,
    monthlyCost: monthlyCost(sizeGb, price),
  };
}
