import { PipelineError } from '@golden-pipeline/shared/errors';
import { readImage } from '../../aws/images.ts';
import type { RunContext, Step } from '../../engine/step.ts';
import type { Services } from '../../fleet/services.ts';
import { costText } from '../cost.ts';
import { ImageRetention } from '../image-retention.ts';
import { recordOwnDeletions } from '../record-deletion.ts';
import { leftOver, removeAll, type SnapshotRef, sweepSnapshots } from '../remove.ts';
import { restoreAll, restoreImage } from '../restore.ts';
import { retireAll } from '../retire.ts';
import { type ImageTarget, type Targets, toTarget } from '../targets.ts';

/** Facts of a prune, as journaled: what is to be done, and what was. */
export interface PruneState extends Targets {
  force: boolean;
  /** Versions or names of what each step has done. */
  restored: string[];
  retired: string[];
  removed: string[];
  /** Snapshots of images that this run has deregistered, which were not deleted with them. */
  half: SnapshotRef[];
  swept: string[];
  freedGb: number;
  failures: string[];
}

type PruneContext = RunContext<Services, PruneState>;
type PruneStep = Step<Services, PruneState>;

const names = (targets: readonly ImageTarget[]): string[] => targets.map((one) => one.version ?? one.name);
const sizeOf = (targets: readonly { sizeGb: number }[]): number => targets.reduce((sum, one) => sum + one.sizeGb, 0);

const lines = (targets: readonly ImageTarget[], fleetRegion: string): string[] =>
  targets.map(({ name, imageId, region, sizeGb, why }) => {
    const where = region === fleetRegion ? '' : ` in ${region}`;
    return `${name} (${imageId}${where}, ${sizeGb} GB): ${why}`;
  });

/** Why a step has nothing to do; the plan says so too. */
const nothing = {
  restore: 'nothing retired is needed again',
  retire: 'there is nothing to retire',
  remove: 'no grace period is over',
  sweep: 'no snapshot is left without its image',
};

/** Runs one part of a prune, and journals what could not be done. */
async function keeping(
  context: PruneContext,
  work: (retention: ImageRetention) => Promise<Partial<PruneState>>,
): Promise<void> {
  const retention = new ImageRetention(context, { force: context.state.force });
  const done = await work(retention);
  await context.save({ ...done, failures: [...context.state.failures, ...retention.failures] });
}

/** Gives retired images back that are needed again: pinned, in use, or within `keep` once more. */
export const restoreStep: PruneStep = {
  id: 'restore',
  title: 'Restore images that are needed again',
  commits: true,
  describe: ({ state, services }) =>
    state.restore.length === 0 ? [nothing.restore] : lines(state.restore, services.fleet.region),
  skip: async ({ state }) => (state.restore.length === 0 ? nothing.restore : undefined),
  run: (context) =>
    keeping(context, async (retention) => ({ restored: names(await restoreAll(retention, context.state.restore)) })),
};

/** Deprecates and disables what is no longer kept; interrupted, it gives back what it has disabled. */
export const retireStep: PruneStep = {
  id: 'retire',
  title: 'Retire images that are no longer kept',
  commits: true,
  describe: ({ state, services: { fleet } }) => {
    if (state.retire.length === 0) return [nothing.retire];
    const { retireGraceHours: hours } = fleet.release;
    const later =
      hours === 0 ? 'then deleted' : `deleted by a prune or release after ${hours} h, can be restored until then`;
    return [...lines(state.retire, fleet.region), `deprecated and disabled; ${later}`];
  },
  skip: async ({ state }) => (state.retire.length === 0 ? nothing.retire : undefined),
  run: (context) =>
    keeping(context, async (retention) => ({ retired: names(await retireAll(retention, context.state.retire)) })),
  async undo(context) {
    const retention = new ImageRetention(context, {});
    const marked = context.changes().filter((change) => change.action === 'mark-retired' && !change.undoing);
    for (const { target, data } of marked) {
      const { ec2 } = retention.clients(String(data.region));
      const image = await readImage(ec2, target);
      // Retired by another run since: that is not this one's to undo.
      const ours = data.at === undefined || image?.retiredAt === data.at;
      if (image?.retiredAt && ours) await restoreImage(context, ec2, image);
    }
  },
};

/** Deletes what has been retired for the whole grace period. */
export const removeStep: PruneStep = {
  id: 'remove',
  title: 'Delete images whose grace period is over',
  commits: true,
  describe: ({ state, services: { fleet } }) => {
    if (state.remove.length === 0) return [nothing.remove];
    const frees = `frees ${costText(sizeOf(state.remove), fleet.release.snapshotPrice)}; this cannot be undone`;
    return [...lines(state.remove, fleet.region), frees];
  },
  skip: async ({ state }) => (state.remove.length === 0 ? nothing.remove : undefined),
  run: (context) =>
    keeping(context, async (retention) => {
      await recordOwnDeletions(context);
      const { done, half } = await removeAll(retention, context.state.remove);
      return { removed: names(done), half, freedGb: sizeOf(done) };
    }),
  async undo(context) {
    await recordOwnDeletions(context);
    // A deleted image does not come back; half a deletion is what somebody must know of.
    const left = await leftOver(new ImageRetention(context, {}), context.changes());
    if (left.length === 0) return;
    throw new PipelineError('prune.half-deleted', `snapshots of deleted images are left: ${left.join(', ')}`);
  },
};

/** Deletes snapshots whose images are gone. */
export const sweepStep: PruneStep = {
  id: 'sweep',
  title: 'Delete snapshots without an image',
  commits: true,
  describe: ({ state, services: { fleet } }) => {
    if (state.snapshots.length === 0) return [nothing.sweep];
    return state.snapshots.map(({ snapshotId, version, sizeGb, due }) => {
      const what = due === 'mark' ? `noted, deleted after ${fleet.release.retireGraceHours} h` : 'deleted';
      return `${snapshotId} of ${version ?? 'no version'} (${costText(sizeGb, fleet.release.snapshotPrice)}): ${what}`;
    });
  },
  skip: async ({ state }) => (state.snapshots.length === 0 && state.half.length === 0 ? nothing.sweep : undefined),
  run: (context) =>
    keeping(context, async (retention) => {
      const { snapshots, half } = context.state;
      const swept = await sweepSnapshots(retention, [...snapshots, ...half]);
      return {
        swept: swept.map((one) => one.snapshotId),
        freedGb: context.state.freedGb + sizeOf(swept),
      };
    }),
};

/** Looks once more: what came into use while it was being retired is given back, and what failed is reported. */
export const confirmStep: PruneStep = {
  id: 'confirm',
  title: 'Confirm the images that are kept',
  describe: () => ['what came into use meanwhile is given back'],
  skip: async ({ state }) =>
    state.retired.length === 0 && state.failures.length === 0 ? 'nothing was retired' : undefined,
  async run(context) {
    const retention = new ImageRetention(context, { force: context.state.force });
    const { evaluated } = await retention.takeInventory();
    const targets = evaluated.filter((one) => one.due === 'restore').map(toTarget);
    const restored = names(await restoreAll(retention, targets));
    await context.save({ restored: [...context.state.restored, ...restored] });
    const failures = [...context.state.failures, ...retention.failures];
    if (failures.length === 0) return;
    throw new PipelineError('prune.incomplete', `${failures.length} thing(s) could not be done`, {
      fix: `fix what is listed above, then run again: pipeline images ${context.services.fleet.app} prune`,
      details: failures,
    });
  },
};
