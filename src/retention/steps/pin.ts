import { PipelineError, usageError } from '@golden-pipeline/shared/errors';
import { protectImage, tagPinned, unprotectImage, untagPinned } from '../../aws/image-retirement.ts';
import { type GoldenImage, listImages, readImage } from '../../aws/images.ts';
import type { RunContext, Step } from '../../engine/step.ts';
import type { Services } from '../../fleet/services.ts';
import { instantText } from '../../shared/instant.ts';
import { restoreImage } from '../restore.ts';

/** Facts of a pin or its end, as journaled. */
export interface PinState {
  version: string;
  imageId: string;
  name: string;
  reason?: string;
}

type PinContext = RunContext<Services, PinState>;

/**
 * The image of a version.
 * @throws usage error `images.unknown-version` naming those there are
 */
export async function imageOfVersion({ fleet, aws }: Services, version: string): Promise<GoldenImage> {
  const images = await listImages(aws.ec2, fleet.app, fleet.environment);
  const found = images.findLast((image) => image.version === version);
  if (found) return found;
  const known = images.flatMap((image) => image.version ?? []).join(', ') || 'none';
  throw usageError(
    'images.unknown-version',
    `${fleet.app} has no image of ${version} in ${fleet.environment}; there are: ${known}`,
    `pipeline images ${fleet.app}`,
  );
}

/** Keeps an image until it is unpinned. EC2 itself refuses to deregister it from then on; a retired one is given back. */
export const pinStep: Step<Services, PinState> = {
  id: 'pin',
  title: 'Pin the image',
  describe: ({ state }) => [
    `${state.name} (${state.imageId}) is kept until it is unpinned${state.reason ? `: ${state.reason}` : ''}`,
    'protected against deregistration; given back if it is retired',
  ],
  async run(context) {
    const { aws, by } = context.services;
    const { imageId, name, reason } = context.state;
    const image = await readImage(aws.ec2, imageId);
    if (!image) throw gone(context);
    // Protected before it is tagged: from here on a deletion that is just in progress is refused.
    if (!image.protected) {
      await context.change({ action: 'protect-image', target: imageId, data: { name } }, () =>
        protectImage(aws.ec2, imageId),
      );
    }
    const at = instantText(context.clock.now());
    const protects = !image.protected || image.pinProtects;
    await context.change({ action: 'tag-pinned', target: imageId, data: { name, at, before: image.pin ?? null } }, () =>
      tagPinned(aws.ec2, imageId, { by, at, reason, protects }),
    );
    if (image.retiredAt) await restoreImage(context, aws.ec2, image);
    context.note(`${name} (${imageId}) is pinned`);
  },
  async undo(context) {
    const tagged = context.changes().find((change) => change.action === 'tag-pinned' && !change.undoing);
    // One that was pinned before stays so, and so does one that somebody else has pinned since.
    if (tagged?.data.before) return;
    const at = (await readImage(context.services.aws.ec2, context.state.imageId))?.pin?.at;
    if (at !== undefined && tagged?.data.at !== undefined && at !== tagged.data.at) {
      context.note(`${context.state.name} was pinned again at ${at}: it stays pinned`);
      return;
    }
    await unpin(context);
  },
};

/** Lets an image go: the next prune evaluates it like any other. */
export const unpinStep: Step<Services, PinState> = {
  id: 'unpin',
  title: 'Unpin the image',
  describe: ({ state }) => [`${state.name} (${state.imageId}) is kept only as long as any other`],
  async run(context) {
    await unpin(context);
    context.note(`${context.state.name} (${context.state.imageId}) is no longer pinned`);
  },
};

async function unpin(context: PinContext): Promise<void> {
  const { ec2 } = context.services.aws;
  const { imageId, name } = context.state;
  const image = await readImage(ec2, imageId);
  if (!image) return;
  const ours = context.changes().some((change) => change.action === 'protect-image' && !change.undoing);
  if (image.protected && (image.pinProtects || ours)) {
    await context.change({ action: 'unprotect-image', target: imageId, data: { name } }, () =>
      unprotectImage(ec2, imageId),
    );
  }
  // Last, so that an end half-way leaves it pinned.
  await context.change({ action: 'untag-pinned', target: imageId, data: { name } }, () => untagPinned(ec2, imageId));
}

function gone({ state, services }: PinContext): PipelineError {
  return new PipelineError('images.gone', `${state.name} (${state.imageId}) was deleted meanwhile`, {
    fix: `choose another: pipeline images ${services.fleet.app}`,
  });
}
