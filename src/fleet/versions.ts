import type { ReleaseRecord } from '../ledger/types.ts';
import { compareVersions } from '../shared/version.ts';

/**
 * The release to go back to: the last known-good one before the version that serves. Not one that a rollback went away from: somebody
 * had a reason, and at night nobody remembers it.
 * @param serving The version that serves now, if any.
 */
export function rollbackTarget(
  releases: readonly ReleaseRecord[],
  serving: string | undefined,
): ReleaseRecord | undefined {
  return releases
    .filter(
      (release) =>
        release.knownGood &&
        release.rolledBackAt === undefined &&
        release.image &&
        !release.image.deletedAt &&
        (serving === undefined || compareVersions(release.version, serving) < 0),
    )
    .sort((a, b) => compareVersions(b.version, a.version))[0];
}

/**
 * The releases whose image instances can start from.
 * @param there Ids of the images that are available now.
 */
export function withImage(releases: readonly ReleaseRecord[], there: ReadonlySet<string>): ReleaseRecord[] {
  return releases.filter(({ image }) => image !== undefined && there.has(image.imageId));
}

/**
 * The releases that a rollback goes away from: what served, and every known-good one that is skipped on the way. Whoever goes back
 * over several versions has a reason to serve none of them.
 * @param newest The newest version that the fleet has to do with: serving, or that the instances' images are of.
 */
export function leftBehind(releases: readonly ReleaseRecord[], target: string, newest: string | undefined): string[] {
  if (newest === undefined) return [];
  return releases
    .filter(
      ({ version, knownGood, rolledBackAt }) =>
        (knownGood || version === newest) &&
        rolledBackAt === undefined &&
        compareVersions(version, target) > 0 &&
        compareVersions(version, newest) <= 0,
    )
    .map(({ version }) => version);
}
