import { messageOf } from '@golden-pipeline/shared/errors';
import type { ImageFacts } from '../../fleet/facts.ts';
import type { FleetFacts, StepWith } from '../../fleet/services.ts';
import { ImageRetention } from '../../retention/image-retention.ts';
import { rulesOf } from '../../retention/inventory.ts';
import { recordOwnDeletions } from '../../retention/record-deletion.ts';
import { removeAll, sweepSnapshots } from '../../retention/remove.ts';
import { restoreAll } from '../../retention/restore.ts';
import { retireAll } from '../../retention/retire.ts';
import { targetsOf } from '../../retention/targets.ts';

/** Retires and removes images beyond the last N known-good ones. It never fails the run: the release is done by then. */
export const retain: StepWith<Pick<FleetFacts, 'current'> & ImageFacts> = {
  id: 'retain',
  title: 'Retain the last images',
  describe: ({ services: { fleet } }) => [
    `keep the last ${fleet.release.keep} known-good images and every one in use, pinned or needed to roll back`,
    `disable the rest that is older than ${fleet.release.minimumAgeHours} h, and delete it ${fleet.release.retireGraceHours} h later`,
  ],
  complete: recordOwnDeletions,
  async run(context) {
    const { fleet } = context.services;
    const { imageId, current } = context.state;
    const retention = new ImageRetention(context, { needed: [imageId, current.imageId] });
    try {
      await recordOwnDeletions(context);
      const rules = rulesOf(fleet);
      const seen = await retention.takeInventory();
      const targets = targetsOf(seen, rules);
      await restoreAll(retention, targets.restore);
      const retired = await retireAll(retention, targets.retire);
      const { done, half } = await removeAll(retention, targets.remove);
      await sweepSnapshots(retention, [...targets.snapshots, ...half]);
      // What came into use while it was being disabled.
      if (retired.length > 0) await restoreAll(retention, targetsOf(await retention.takeInventory(), rules).restore);
      const kept = seen.evaluated.length - done.length;
      context.note(kept === 1 ? '1 image is kept' : `${kept} images are kept`);
    } catch (error) {
      if (context.signal.aborted) throw error;
      context.note(
        `old images were not all retired, the next release or \`pipeline images ${fleet.app} prune\` tries again: ${messageOf(error)}`,
      );
    }
  },
};
