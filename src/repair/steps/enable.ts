import { PipelineError } from '@golden-pipeline/shared/errors';
import { disableImage, enableImage } from '../../aws/image-retirement.ts';
import { readImage } from '../../aws/images.ts';
import type { RunContext } from '../../engine/step.ts';
import { type Services, times } from '../../fleet/services.ts';
import { restoreImage } from '../../retention/restore.ts';
import type { RepairStep } from '../state.ts';

/**
 * Makes a disabled image one that can be launched again, with all that retention has put on it, and waits until it can. Repeatable.
 * EC2 takes the launch permissions of other accounts away when an image is disabled; they do not come back.
 * @throws PipelineError `image.gone`
 */
export async function enableAgain(context: RunContext<Services, object>, imageId: string): Promise<void> {
  const { ec2 } = context.services.aws;
  const image = await readImage(ec2, imageId);
  if (!image) throw new PipelineError('image.gone', `image ${imageId} is gone`);
  if (image.retiredAt !== undefined) await restoreImage(context, ec2, image);
  else if (image.state === 'disabled') {
    await context.change({ action: 'enable-image', target: imageId, data: { name: image.name } }, () =>
      enableImage(ec2, imageId),
    );
  }
  await context.poll({
    what: `image ${imageId} to become available`,
    read: () => readImage(ec2, imageId),
    until: (one) => one?.state === 'available',
    explain: (one) => ({ causes: [`${imageId} is ${one?.state ?? 'gone'}`] }),
    ...times(context.services.fleet, 'health'),
  });
}

/** Enables the disabled image that the group launches. There is no undo: the fleet needs it, and it harms nobody. */
export const enableServing: RepairStep = {
  id: 'enable',
  title: 'Enable the image',
  commits: true,
  describe: ({ state: { broken, version } }) => [
    `EnableImage ${broken.imageId}: instances of ${version} can be launched again; no instance is touched`,
  ],
  async run(context) {
    const { broken, version } = context.state;
    await enableAgain(context, broken.imageId);
    context.note(`image ${broken.imageId} of ${version} can be launched again`);
  },
};

/** Disables an image again that {@link enableAgain} has enabled. One that retention had retired is noted anew by the next prune. */
export async function disableAgain(context: RunContext<Services, object>, imageId: string): Promise<void> {
  const { ec2 } = context.services.aws;
  const image = await readImage(ec2, imageId);
  if (image?.state !== 'available') return;
  await context.change({ action: 'disable-image', target: imageId, data: { name: image.name } }, () =>
    disableImage(ec2, imageId),
  );
}
