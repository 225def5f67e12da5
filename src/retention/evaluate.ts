import type { GoldenImage } from '../aws/images.ts';
import type { ReleaseRecord } from '../ledger/types.ts';
import { hourMs } from '../shared/duration.ts';
import { instantOf, instantText } from '../shared/instant.ts';
import { versionNumber } from '../shared/version.ts';

/** Never fewer known-good images than this, whatever `keep` says: the current one and one to go back to. */
const floor = 2;

/** What an image is to the fleet. `unverified`: its release has not ended, or never served a whole verify window. */
export type ImageKind = 'known-good' | 'unverified' | 'failed' | 'orphan';

/**
 * What is due. `restore`: it was retired and is needed again. `retire`: deprecate and disable it. `remove`: deregister it with
 * its snapshots. `wait`: it is retired, and its grace period is not over. Nothing for one that is kept.
 */
export type Due = 'restore' | 'retire' | 'remove' | 'wait';

/** The golden images of one region, oldest first, and what uses them there. */
export interface PlaceFacts {
  region: string;
  images: readonly GoldenImage[];
  /** By image id: who uses it, worded for a person. */
  uses: ReadonlyMap<string, readonly string[]>;
}

/** All that the evaluation depends on. */
export interface Facts {
  /** Milliseconds since the epoch. */
  now: number;
  places: readonly PlaceFacts[];
  releases: readonly ReleaseRecord[];
  /** Versions that the fleet's groups launch. */
  serving: readonly string[];
}

export interface RetentionRules {
  /** Known-good images to keep. */
  keep: number;
  minimumAgeMs: number;
  graceMs: number;
}

export interface EvaluatedImage {
  region: string;
  image: GoldenImage;
  kind: ImageKind;
  /** Why it is kept; empty for one that is not. */
  kept: string[];
  /** Who uses it. */
  usedBy: readonly string[];
  due?: Due;
  /** ISO time from which a retired one may be removed. */
  removableFrom?: string;
  /** ISO time at which a rollback went away from its version. */
  rolledBackAt?: string;
}

/**
 * Evaluates every image of every region. A version that one region needs is kept in all of them.
 * It is a function of its facts alone: the plan, the look before each deletion and the tests all ask it.
 */
export function evaluate(facts: Facts, rules: RetentionRules): EvaluatedImage[] {
  const good = knownGoodVersions(facts);
  const rolledBackOf = whenRolledBack(facts.releases);
  const evaluated = facts.places.flatMap(({ region, images, uses }) => {
    const isRolledBack = (image: GoldenImage) => rolledBackOf(image) !== undefined;
    const last = lastGood(images, good, isRolledBack, rules.keep);
    const targets = rollbackTargets(images, good, isRolledBack, facts.serving);
    const newestGood = images
      .filter((image) => isGood(image, good))
      .sort(byAge)
      .at(-1);
    return images.map((image) => {
      const kind = kindOf(image, good, facts.releases);
      const usedBy = uses.get(image.imageId) ?? [];
      const kept = [...usedBy];
      if (image.pinned) kept.push(pinText(image));
      else if (image.protected) kept.push('protected against deregistration');
      if (targets.has(image)) kept.push('what fast-rollback would go back to');
      if (last.has(image)) {
        kept.push(
          isRolledBack(image)
            ? `rolled back, but there are not ${floor} other known-good ones`
            : `one of the last ${Math.max(rules.keep, floor)} known-good ones`,
        );
      }
      if (kind === 'unverified' && !(newestGood && isNewer(newestGood, image))) kept.push('no newer one is known-good');
      const young = facts.now - instantOf(image.createdAt) < rules.minimumAgeMs;
      const rolledBackAt = rolledBackOf(image);
      return { region, image, kind, usedBy, kept, young, ...(rolledBackAt && { rolledBackAt }) };
    });
  });
  const keptIn = new Map<string, string>();
  for (const { region, image, kept } of evaluated) {
    if (image.version && kept.length > 0 && !keptIn.has(image.version)) keptIn.set(image.version, region);
  }
  return evaluated.map(({ young, ...one }) => {
    const { version } = one.image;
    const kept = [...one.kept];
    const elsewhere = version && keptIn.get(version);
    if (kept.length === 0 && elsewhere) kept.push(`${version} is kept in ${elsewhere}`);
    // Age alone keeps this very image; it says nothing about the version.
    if (kept.length === 0 && young) kept.push(`younger than ${rules.minimumAgeMs / hourMs} h`);
    return { ...one, kept, ...dueOf(one.image, kept.length > 0, facts.now, rules.graceMs) };
  });
}

/** When a retired thing may be removed. */
export function graceEnd(retiredAt: string, graceMs: number): number {
  return instantOf(retiredAt) + graceMs;
}

function dueOf(
  image: GoldenImage,
  kept: boolean,
  now: number,
  graceMs: number,
): Pick<EvaluatedImage, 'due' | 'removableFrom'> {
  if (kept) return image.retiredAt ? { due: 'restore' } : {};
  if (image.state === 'pending' || image.state === 'transient') return {};
  // It never became one that could be launched, nor can it be disabled.
  if (hasFailed(image)) return { due: 'remove' };
  // One that is noted as retired and not disabled was left half-way: its grace begins anew.
  if (image.state !== 'disabled' || !image.retiredAt) return { due: 'retire' };
  const end = graceEnd(image.retiredAt, graceMs);
  return { due: now >= end ? 'remove' : 'wait', removableFrom: instantText(end) };
}

/** Versions that have served a whole verify window: the ledger or the tags of any image say so. */
function knownGoodVersions({ places, releases }: Facts): ReadonlySet<string> {
  const tagged = places.flatMap(({ images }) => images.filter((image) => image.knownGood));
  return new Set([
    ...releases.filter((release) => release.knownGood).map((release) => release.version),
    ...tagged.flatMap((image) => image.version ?? []),
  ]);
}

function isGood(image: GoldenImage, good: ReadonlySet<string>): boolean {
  if (hasFailed(image)) return false;
  return image.knownGood || (image.version !== undefined && good.has(image.version));
}

const hasFailed = ({ state }: GoldenImage): boolean => ['failed', 'error', 'invalid'].includes(state);

/** Disabled by a retirement, which deprecates first; else somebody has done it on purpose. */
export function isRetired({ state, retiredAt, deprecated }: GoldenImage): boolean {
  return state === 'disabled' && retiredAt !== undefined && deprecated;
}

/** Can be launched, or can be made so again. */
function isUsable(image: GoldenImage): boolean {
  return image.state === 'available' || isRetired(image);
}

/**
 * The last `keep` known-good images, and never fewer than two. One that somebody has disabled does not count for another:
 * both the last usable ones and the last ones of all are kept. One that a rollback went away from takes the place of no other;
 * it stays only while there would be fewer than two without it.
 */
function lastGood(
  images: readonly GoldenImage[],
  good: ReadonlySet<string>,
  isRolledBack: (image: GoldenImage) => boolean,
  keep: number,
): Set<GoldenImage> {
  const ordered = images.filter((image) => isGood(image, good)).sort(byAge);
  const lastOf = (candidates: readonly GoldenImage[]) => {
    const last = candidates.filter((image) => !isRolledBack(image)).slice(-Math.max(keep, floor));
    const missing = Math.max(0, floor - last.length);
    return missing === 0 ? last : [...candidates.filter(isRolledBack).slice(-missing), ...last];
  };
  return new Set([...lastOf(ordered), ...lastOf(ordered.filter(isUsable))]);
}

/** When a rollback went away from an image's version (ISO time). The ledger says it first; where it has no record, the image does. */
function whenRolledBack(releases: readonly ReleaseRecord[]): (image: GoldenImage) => string | undefined {
  const known = new Map(releases.map(({ version, rolledBackAt }) => [version, rolledBackAt]));
  return ({ version = '', rolledBackAt }) => (known.has(version) ? known.get(version) : rolledBackAt);
}

/** For each version that serves, the last known-good image before it that can be used, and that no rollback went away from. */
function rollbackTargets(
  images: readonly GoldenImage[],
  good: ReadonlySet<string>,
  isRolledBack: (image: GoldenImage) => boolean,
  serving: readonly string[],
): Set<GoldenImage> {
  const candidates = images
    .filter((image) => isGood(image, good) && isUsable(image) && image.version && !isRolledBack(image))
    .sort(byAge);
  const targets = serving.map((version) => candidates.findLast((one) => numberOf(one) < versionNumber(version)));
  return new Set(targets.filter((image) => image !== undefined));
}

function kindOf(image: GoldenImage, good: ReadonlySet<string>, releases: readonly ReleaseRecord[]): ImageKind {
  if (isGood(image, good)) return 'known-good';
  if (hasFailed(image)) return 'failed';
  const release = releases.find((one) => one.version === image.version);
  if (!release) return 'orphan';
  return release.state === 'failed' ? 'failed' : 'unverified';
}

function isNewer(one: GoldenImage, than: GoldenImage): boolean {
  return byAge(one, than) > 0;
}

/** By version, which the ledger never gives twice; copies may be younger than their version. */
function byAge(a: GoldenImage, b: GoldenImage): number {
  const byNumber = numberOf(a) - numberOf(b);
  return Number.isNaN(byNumber) || byNumber === 0 ? a.createdAt.localeCompare(b.createdAt) : byNumber;
}

/** Not a number for an image without a version. */
function numberOf({ version }: GoldenImage): number {
  return version === undefined ? Number.NaN : versionNumber(version);
}

function pinText({ pin }: GoldenImage): string {
  return `pinned${pin?.by ? ` by ${pin.by}` : ''}${pin?.reason ? `: ${pin.reason}` : ''}`;
}
