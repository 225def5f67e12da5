import type { ReleaseRecord } from '../ledger/types.ts';

/** Number of a version: 42 for `v42`. */
export function versionNumber(version: string): number {
  return Number(version.slice(1));
}

/**
 * The version that the next release will most likely get; the ledger has the last word when it is reserved.
 * @param above The highest number that the cloud shows.
 */
export function nextVersion(releases: readonly Pick<ReleaseRecord, 'version'>[], above = 0): string {
  return `v${Math.max(above, ...releases.map((release) => versionNumber(release.version))) + 1}`;
}

/**
 * The release to go back to: the last known-good one before the version that serves. Not one that a rollback went away from: somebody
 * had a reason, and at night nobody remembers it.
 * @param serving The version that serves now, if any.
 */
export function rollbackTarget(
  releases: readonly ReleaseRecord[],
  serving: string | undefined,
): ReleaseRecord | undefined {
  const before = serving === undefined ? Number.POSITIVE_INFINITY : versionNumber(serving);
  return releases
    .filter(
      (release) =>
        release.knownGood &&
        release.leftAt === undefined &&
        release.image &&
        !release.image.deletedAt &&
        versionNumber(release.version) < before,
    )
    .sort((a, b) => versionNumber(b.version) - versionNumber(a.version))[0];
}

/**
 * The releases whose image machines can start from.
 * @param there Ids of the images that are available now.
 */
export function withImage(releases: readonly ReleaseRecord[], there: ReadonlySet<string>): ReleaseRecord[] {
  return releases.filter(({ image }) => image !== undefined && there.has(image.imageId));
}

/**
 * The releases that a rollback goes away from: what served, and every known-good one that is skipped on the way. Whoever goes back
 * over several versions has a reason to serve none of them.
 * @param newest The newest version that the fleet has to do with: serving, or that the machines' images are of.
 */
export function leftBehind(releases: readonly ReleaseRecord[], target: string, newest: string | undefined): string[] {
  if (newest === undefined) return [];
  return releases
    .filter(
      ({ version, knownGood, leftAt }) =>
        (knownGood || version === newest) &&
        leftAt === undefined &&
        versionNumber(version) > versionNumber(target) &&
        versionNumber(version) <= versionNumber(newest),
    )
    .map(({ version }) => version);
}
