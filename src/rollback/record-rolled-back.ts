import { messageOf } from '@golden-pipeline/shared/errors';
import { tagRolledBack, untagRolledBack } from '../aws/images.ts';
import type { RunContext } from '../engine/step.ts';
import type { RollState, Services } from '../fleet/services.ts';

type Context = RunContext<Services, RollState>;

/**
 * Notes in the ledger and on the images which versions a rollback went away from, so that no later one goes there by itself, whichever
 * ledger it works with. To be called as soon as nothing takes the rollback back: what fails after that leaves the fleet on the old
 * version all the same. What cannot be written is told and stops nothing.
 */
export async function noteLeft(context: Context): Promise<void> {
  const at = new Date(context.clock.now()).toISOString();
  const tell = (what: string) => (error: unknown) => context.note(`${what}: ${messageOf(error)}`);
  await Promise.all([
    writeLeft(context, at).catch(tell('the ledger does not know which version was left')),
    tagLeft(context, at).catch(tell('the images do not tell which version was left')),
  ]);
}

async function writeLeft(context: Context, leftAt: string): Promise<void> {
  const { ledger, fleet } = context.services;
  const { version, leaves = [] } = context.state;
  const target = await ledger.release(fleet.app, version);
  if (target?.leftAt !== undefined) {
    await context.change({ action: 'serves-again', target: version }, () =>
      ledger.updateRelease(fleet.app, version, { leftAt: undefined }),
    );
  }
  // One that the ledger has no record of must not keep it from knowing the others.
  const noted = await Promise.allSettled(
    leaves.map((left) =>
      context.change({ action: 'rolled-back', target: left }, () => ledger.updateRelease(fleet.app, left, { leftAt })),
    ),
  );
  const failed = noted.flatMap((one) => (one.status === 'rejected' ? [messageOf(one.reason)] : []));
  if (failed.length > 0) throw new Error(failed.join('; '));
}

/** One call, and a second one where the version to serve was left before. */
async function tagLeft(context: Context, at: string): Promise<void> {
  const { ec2 } = context.services.aws;
  const { imageId, leftImages = [], again = false } = context.state;
  await Promise.all([
    ...(leftImages.length === 0
      ? []
      : [
          context.change({ action: 'tag-rolled-back', target: leftImages.join(' '), data: { at } }, () =>
            tagRolledBack(ec2, leftImages, at),
          ),
        ]),
    ...(again && imageId !== undefined
      ? [context.change({ action: 'untag-rolled-back', target: imageId }, () => untagRolledBack(ec2, imageId))]
      : []),
  ]);
}
