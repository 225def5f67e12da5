import { deprecateImage, disableImage, markRetired } from '../../aws/image-retirement.ts';
import type { Keeper } from './keeper.ts';
import type { ImageTarget } from './targets.ts';

/**
 * Deprecates and disables images. Nothing can be launched from them any more, which is what makes the look before a deletion
 * sure: an instance that is not seen then cannot come later. Each can be had back until it is deleted.
 */
export async function retireAll(keeper: Keeper, targets: readonly ImageTarget[]): Promise<ImageTarget[]> {
  const { context } = keeper;
  const done: ImageTarget[] = [];
  for (const target of targets) {
    const { region, imageId, name, snapshotIds } = target;
    await keeper.attempt(`${name} was not retired`, async () => {
      const now = await keeper.lookAt(target);
      if (now?.due !== 'retire') {
        context.note(`${name} stays: ${now ? now.kept.join(', ') || now.image.state : 'it is gone'}`);
        return;
      }
      const { ec2 } = keeper.clients(region);
      const data = { region, name };
      // The note comes first: what is disabled without it would be taken for somebody else's doing, and never given back.
      await context.change({ action: 'mark-retired', target: imageId, data }, () =>
        markRetired(ec2, [imageId, ...snapshotIds], context.clock.now()),
      );
      if (now.image.state === 'available') {
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
