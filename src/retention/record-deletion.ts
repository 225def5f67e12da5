import { readImage } from '../aws/images.ts';
import type { RunContext } from '../engine/step.ts';
import type { Services } from '../fleet/services.ts';
import { instantText } from '../shared/instant.ts';
import { ImageRetention, type RetentionContext } from './image-retention.ts';

/** Records that a release's image is gone, so that nobody is offered a rollback to it. A copy's end changes nothing for the release. */
export async function recordDeletion(
  { services, clock, change }: RetentionContext,
  { version, imageId }: { version: string | null; imageId: string },
): Promise<void> {
  const { fleet, ledger } = services;
  const image = version ? (await ledger.release(fleet.app, version))?.image : undefined;
  if (!version || image?.imageId !== imageId || image.deletedAt !== undefined) return;
  const deletedAt = instantText(clock.now());
  await change({ action: 'record-deletion', target: version, data: { imageId } }, async () => {
    await ledger.updateRelease(fleet.app, version, { image: { ...image, deletedAt } });
  });
}

/**
 * Records what this step has deregistered and could not record any more: its process was killed between the two. Images that are still
 * there stay as they are.
 */
export async function recordOwnDeletions(
  context: RetentionContext & Pick<RunContext<Services, unknown>, 'changes'>,
): Promise<void> {
  const { fleet, ledger } = context.services;
  const made = context.changes().filter((one) => one.action === 'deregister-image' && !one.undoing);
  if (made.length === 0) return;
  const retention = new ImageRetention(context, {});
  const releases = await ledger.releases(fleet.app);
  for (const { target, data } of made) {
    const release = releases.find(({ image }) => image?.imageId === target);
    if (release?.image?.deletedAt !== undefined || !release) continue;
    if (await readImage(retention.clients(String(data.region)).ec2, target)) continue;
    await recordDeletion(context, { version: release.version, imageId: target });
  }
}
