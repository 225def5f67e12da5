import { PipelineError } from '@golden-pipeline/shared/errors';
import { awsCode } from '../aws/errors.ts';
import { markRetired } from '../aws/image-retirement.ts';
import { deregisterImage } from '../aws/images.ts';
import { deleteSnapshot } from '../aws/snapshots.ts';
import type { JournaledChange } from '../engine/step.ts';
import { hourMs } from '../shared/duration.ts';
import type { ImageRetention } from './image-retention.ts';
import { rulesOf } from './inventory.ts';
import { recordDeletion } from './record-deletion.ts';
import { type ImageTarget, leftSnapshots, type SnapshotTarget } from './targets.ts';

/** Deregisters images with their snapshots, each only if everything read anew still says so. */
export async function removeAll(
  retention: ImageRetention,
  targets: readonly ImageTarget[],
): Promise<{ done: ImageTarget[]; half: SnapshotRef[] }> {
  const { context } = retention;
  const done: ImageTarget[] = [];
  const half: SnapshotRef[] = [];
  for (const target of targets) {
    const { region, imageId, name, snapshotIds } = target;
    await retention.attempt(`${name} was not deleted`, async () => {
      const now = await retention.evaluateAgain(target);
      if (now?.due !== 'remove') {
        if (now) context.note(`${name} stays: ${now.kept.join(', ') || `it is ${now.image.state}`}`);
        return;
      }
      const { ec2 } = retention.clients(region);
      try {
        await context.change({ action: 'deregister-image', target: imageId, data: { region, name, snapshotIds } }, () =>
          deregisterImage(ec2, imageId),
        );
      } catch (error) {
        if (error instanceof PipelineError && error.code === 'image.snapshots-left') {
          context.note(error.message);
          await recordDeletion(context, target);
          half.push(...snapshotIds.map((snapshotId) => ({ region, snapshotId })));
          done.push({ ...target, sizeGb: 0 });
          return;
        }
        // A pin protects first and tags then: whoever was that quick has won.
        if (awsCode(error) !== 'OperationNotPermitted') throw error;
        context.note(`${name} stays: it was protected a moment ago`);
        return;
      }
      await recordDeletion(context, target);
      context.note(`${name} (${imageId}) is deleted with ${snapshotIds.length} snapshot(s): ${target.why}`);
      done.push(target);
    });
  }
  return { done, half };
}

/** A snapshot by where it is. */
export type SnapshotRef = Pick<SnapshotTarget, 'region' | 'snapshotId'>;

/** Ends what an earlier run left half-way: snapshots whose images are gone. */
export async function sweepSnapshots(
  retention: ImageRetention,
  targets: readonly SnapshotRef[],
): Promise<SnapshotTarget[]> {
  const { context } = retention;
  const rules = rulesOf(context.services.fleet);
  const done: SnapshotTarget[] = [];
  for (const { region, snapshotId } of targets) {
    await retention.attempt(`${snapshotId} was not deleted`, async () => {
      const left = leftSnapshots(await retention.takeInventory(snapshotId), rules);
      const now = left.find((one) => one.region === region && one.snapshotId === snapshotId);
      const { ec2 } = retention.clients(region);
      if (now?.due === 'mark') {
        await context.change({ action: 'mark-retired', target: snapshotId, data: { region } }, () =>
          markRetired(ec2, [snapshotId], context.clock.now()),
        );
        context.note(`${snapshotId} has no image; it is deleted after ${rules.graceMs / hourMs} h`);
      }
      if (now?.due !== 'remove') return;
      const gone = await context.change({ action: 'delete-snapshot', target: snapshotId, data: { region } }, () =>
        deleteSnapshot(ec2, snapshotId),
      );
      context.note(
        gone ? `${snapshotId} is deleted, its image is gone` : `${snapshotId} stays: another image needs it`,
      );
      if (gone) done.push(now);
    });
  }
  return done;
}

/** Snapshots of images that these changes have deregistered and that are still there. */
export async function leftOver(retention: ImageRetention, changes: readonly JournaledChange[]): Promise<string[]> {
  const deregistered = changes.filter((change) => change.action === 'deregister-image' && !change.undoing);
  const wanted = new Set(deregistered.flatMap((change) => change.data.snapshotIds as string[]));
  if (wanted.size === 0) return [];
  const { places } = await retention.takeInventory('');
  return places.flatMap(({ images, snapshots }) => {
    const needed = new Set(images.flatMap((image) => image.snapshotIds));
    return snapshots.filter(({ id }) => wanted.has(id) && !needed.has(id)).map(({ id }) => id);
  });
}
