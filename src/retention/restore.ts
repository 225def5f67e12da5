import type { EC2Client } from '@aws-sdk/client-ec2';
import { enableImage, undeprecateImage, unmarkRetired } from '../aws/image-retirement.ts';
import type { GoldenImage } from '../aws/images.ts';
import { isRetired } from './evaluate.ts';
import type { ImageRetention, RetentionContext } from './image-retention.ts';
import type { ImageTarget } from './targets.ts';

/** Gives retired images back that are needed again. */
export async function restoreAll(retention: ImageRetention, targets: readonly ImageTarget[]): Promise<ImageTarget[]> {
  const done: ImageTarget[] = [];
  for (const target of targets) {
    await retention.attempt(`${target.name} was not restored`, async () => {
      const now = await retention.evaluateAgain(target);
      if (now?.due !== 'restore') return;
      await restoreImage(retention.context, retention.clients(target.region).ec2, now.image);
      retention.context.note(`${target.name} (${target.imageId}) can be launched again: ${now.kept.join(', ')}`);
      done.push(target);
    });
  }
  return done;
}

/** Makes a retired image what it was before. The note that it is retired goes last: until then it is found again. */
export async function restoreImage(
  context: Pick<RetentionContext, 'change'>,
  ec2: EC2Client,
  image: GoldenImage,
): Promise<void> {
  const { imageId, name } = image;
  const data = { name };
  if (isRetired(image)) {
    await context.change({ action: 'enable-image', target: imageId, data }, () => enableImage(ec2, imageId));
  }
  if (image.deprecated) {
    await context.change({ action: 'undeprecate-image', target: imageId, data }, () => undeprecateImage(ec2, imageId));
  }
  await context.change({ action: 'unmark-retired', target: imageId, data }, () =>
    unmarkRetired(ec2, [imageId, ...image.snapshotIds]),
  );
}
