import type { ReleaseRecord } from '../ledger/types.ts';

/** Base image of each release that has an image, oldest first: releases are built on one another, the first on the base. */
export function baseOf(releases: readonly ReleaseRecord[]): Map<string, string> {
  const below = new Map(releases.flatMap(({ image, baseImageId }) => (image ? [[image.imageId, baseImageId]] : [])));
  const bases = new Map<string, string>();
  for (const { version, image, state } of releases) {
    // A release that failed has taken its image away again.
    if (!image || image.deletedAt || state === 'failed') continue;
    const seen = new Set<string>();
    let at: string | undefined = image.imageId;
    while (at !== undefined && below.has(at) && !seen.has(at)) {
      seen.add(at);
      at = below.get(at);
    }
    if (at !== undefined && !seen.has(at)) bases.set(version, at);
  }
  return bases;
}
