import { messageOf } from '@golden-pipeline/shared/errors';
import { tagRolledBack, untagRolledBack } from '../aws/images.ts';
import type { ContextWith } from '../fleet/services.ts';
import { instantText } from '../shared/instant.ts';
import type { RolledBackFacts } from './state.ts';

type Context = ContextWith<RolledBackFacts>;

/**
 * Notes in the ledger and on the images which versions a rollback went away from, so that no later one goes there by itself, whichever
 * ledger it works with. To be called as soon as nothing undoes the rollback any more: what fails after that leaves the fleet on the old
 * version all the same. What cannot be written is reported and stops nothing.
 */
export async function recordRolledBack(context: Context): Promise<void> {
  const at = instantText(context.clock.now());
  const tell = (what: string) => (error: unknown) => context.note(`${what}: ${messageOf(error)}`);
  await Promise.all([
    writeRolledBack(context, at).catch(tell('could not record in the ledger which version was rolled back')),
    tagImagesRolledBack(context, at).catch(tell('could not tag the images that were rolled back')),
  ]);
}

async function writeRolledBack(context: Context, rolledBackAt: string): Promise<void> {
  const { ledger, fleet } = context.services;
  const { version, rolledBackFrom = [] } = context.state;
  const target = await ledger.release(fleet.app, version);
  if (target?.rolledBackAt !== undefined) {
    await context.change({ action: 'record-serving', target: version }, () =>
      ledger.updateRelease(fleet.app, version, { rolledBackAt: undefined }),
    );
  }
  // One that the ledger has no record of must not keep it from knowing the others.
  const noted = await Promise.allSettled(
    rolledBackFrom.map((left) =>
      context.change({ action: 'rolled-back', target: left }, () =>
        ledger.updateRelease(fleet.app, left, { rolledBackAt }),
      ),
    ),
  );
  const failed = noted.flatMap((one) => (one.status === 'rejected' ? [messageOf(one.reason)] : []));
  if (failed.length > 0) throw new Error(failed.join('; '));
}

/** One call, and a second one where the version to serve was left before. */
async function tagImagesRolledBack(context: Context, at: string): Promise<void> {
  const { ec2 } = context.services.aws;
  const { imageId, rolledBackImages = [], again = false } = context.state;
  await Promise.all([
    ...(rolledBackImages.length === 0
      ? []
      : [
          context.change({ action: 'tag-rolled-back', target: rolledBackImages.join(' '), data: { at } }, () =>
            tagRolledBack(ec2, rolledBackImages, at),
          ),
        ]),
    ...(again && imageId !== undefined
      ? [context.change({ action: 'untag-rolled-back', target: imageId }, () => untagRolledBack(ec2, imageId))]
      : []),
  ]);
}
