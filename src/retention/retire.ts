import { deprecateImage, disableImage, markRetired } from '../aws/image-retirement.ts';
import { instantText } from '../shared/instant.ts';
import type { ImageRetention } from './image-retention.ts';
import type { ImageTarget } from './targets.ts';

/**
 * Deprecates and disables images. Nothing can be launched from them any more, which is what makes the look before a deletion
 * sure: an instance that is not seen then cannot come later. Each can be had back until it is deleted.
 */
export async function retireAll(retention: ImageRetention, targets: readonly ImageTarget[]): Promise<ImageTarget[]> {
  const { context } = retention;
  const done: ImageTarget[] = [];
  for (const target of targets) {
    const { region, imageId, name, snapshotIds } = target;
    await retention.attempt(`${name} was not retired`, async () => {
      const seen = await retention.evaluateAgain(target);
      if (seen?.due !== 'retire') {
        context.note(`${name} stays: ${seen ? seen.kept.join(', ') || seen.image.state : 'it is gone'}`);
        return;
      }
      const { ec2 } = retention.clients(region);
      const data = { region, name };
      // The note comes first: what is disabled without it would be taken for somebody else's doing, and never given back.
      const now = context.clock.now();
      const at = instantText(now);
      await context.change({ action: 'mark-retired', target: imageId, data: { ...data, at } }, () =>
        markRetired(ec2, [imageId, ...snapshotIds], now),
      );
      if (seen.image.state === 'available') {
        await context.change({ action: 'deprecate-image', target: imageId, data }, () =>
          deprecateImage(ec2, imageId, context.clock.now()),
        );
        await context.change({ action: 'disable-image', target: imageId, data }, () => disableImage(ec2, imageId));
      }
      context.note(`${name} (${imageId}) is retired: ${target.why}`);
      done.push(target);
    });
  }
  return done;
}
