import type { OwnSnapshot } from '../aws/snapshots.ts';
import { instantOf } from '../shared/instant.ts';
import { type Due, type EvaluatedImage, graceEnd, type RetentionRules } from './evaluate.ts';
import type { Inventory } from './inventory.ts';

/** An image that something is to be done with. Plain data, as plans and journals have it. */
export interface ImageTarget {
  region: string;
  imageId: string;
  name: string;
  version: string | null;
  /** Why it is done, for a person. */
  why: string;
  snapshotIds: string[];
  sizeGb: number;
}

/** A snapshot whose image is gone. */
export interface SnapshotTarget {
  region: string;
  snapshotId: string;
  version: string | null;
  sizeGb: number;
  /** ISO time. */
  startedAt: string;
  /** `mark`: its grace period begins now. `remove`: it is over. `wait`: neither. */
  due: 'mark' | 'remove' | 'wait';
}

/** All that is to be done, in this order. */
export interface Targets {
  restore: ImageTarget[];
  retire: ImageTarget[];
  remove: ImageTarget[];
  snapshots: SnapshotTarget[];
}

/** What a look calls for. Without a grace period an image is retired and removed in one go. */
export function targetsOf(seen: Inventory, rules: RetentionRules): Targets {
  const due = (...wanted: Due[]) =>
    seen.evaluated.filter((one) => one.due !== undefined && wanted.includes(one.due)).map(toTarget);
  return {
    restore: due('restore'),
    retire: due('retire'),
    remove: rules.graceMs === 0 ? due('remove', 'retire') : due('remove'),
    snapshots: leftSnapshots(seen, rules).filter((one) => one.due !== 'wait'),
  };
}

/** An evaluated image as plain data. */
export function toTarget({ region, image, kind, kept, rolledBackAt }: EvaluatedImage): ImageTarget {
  const { imageId, name, version, snapshotIds, sizeGb } = image;
  const notKept = rolledBackAt === undefined ? reasons[kind] : `rolled back at ${rolledBackAt}`;
  const why = kept.length > 0 ? kept.join(', ') : notKept;
  return { region, imageId, name, version: version ?? null, why, snapshotIds, sizeGb };
}

/** Why an image is not kept. */
const reasons: Record<EvaluatedImage['kind'], string> = {
  'known-good': 'beyond the last known-good ones',
  unverified: 'never known-good, and a newer image is known-good',
  failed: 'its release failed',
  orphan: 'it belongs to no release in the ledger',
};

/** Snapshots with our tags that no image of ours needs any more, of versions that are not kept. */
export function leftSnapshots(seen: Inventory, rules: RetentionRules): SnapshotTarget[] {
  const { places, evaluated, now } = seen;
  const kept = new Set([
    ...evaluated.filter((one) => one.kept.length > 0).map((one) => one.image.version),
    ...versionsWithoutImage(seen),
  ]);
  return places.flatMap(({ region, images, snapshots }) => {
    const needed = new Set(images.flatMap((image) => image.snapshotIds));
    // Of an image that is just being made.
    const making = new Set(images.filter((image) => image.state === 'pending').map((image) => image.version));
    return snapshots
      .filter(({ id, state, version }) => {
        if (needed.has(id) || !['completed', 'error'].includes(state)) return false;
        return version === undefined || !(kept.has(version) || making.has(version));
      })
      .map((one) => ({
        region,
        snapshotId: one.id,
        version: one.version ?? null,
        sizeGb: one.sizeGb,
        startedAt: one.startedAt,
        due: snapshotDue(one, now, rules),
      }));
  });
}

/** Versions that a group launches although somebody has deregistered their image: its snapshot is all that is left to make it from. */
function versionsWithoutImage({ places, releases }: Inventory): string[] {
  const missed = places.flatMap((place) => place.missed);
  return releases
    .filter(({ image }) => image !== undefined && missed.includes(image.imageId))
    .map((one) => one.version);
}

function snapshotDue({ startedAt, retiredAt }: OwnSnapshot, now: number, rules: RetentionRules): SnapshotTarget['due'] {
  if (now - instantOf(startedAt) < rules.minimumAgeMs) return 'wait';
  if (retiredAt === undefined) return rules.graceMs === 0 ? 'remove' : 'mark';
  return now >= graceEnd(retiredAt, rules.graceMs) ? 'remove' : 'wait';
}
