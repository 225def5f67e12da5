import type { GoldenImage } from '../aws/images.ts';

/** Never fewer known-good images than this, whatever `keep` says: the current one and one to go back to. */
const floor = 2;

/**
 * Chooses the images to remove: everything beyond the last `keep` known-good ones that nothing needs and nobody pinned.
 * An image that is still being made, or whose release is newer than the last known-good one, is left alone.
 * @param images Oldest first, all of one app and environment.
 */
export function chooseRetired(
  images: GoldenImage[],
  { keep, needed }: { keep: number; needed: ReadonlySet<string> },
): GoldenImage[] {
  const good = images.filter((image) => image.knownGood && image.state === 'available');
  const kept = new Set(good.slice(-Math.max(keep, floor)).map((image) => image.imageId));
  const newestGood = good.at(-1);
  return images.filter(
    (image) =>
      !kept.has(image.imageId) &&
      !needed.has(image.imageId) &&
      !image.pinned &&
      image.state !== 'pending' &&
      newestGood !== undefined &&
      image.createdAt < newestGood.createdAt,
  );
}
