import { PipelineError } from '@golden-pipeline/shared/errors';
import { readImage } from '../../aws/images.ts';
import { cancelRefresh, isActive, readRefresh } from '../../aws/refreshes.ts';
import { releaseClaim, tryClaimFleet } from '../../fleet/claim.ts';
import { explained, explainGroup } from '../../fleet/explain.ts';
import { servedBefore } from '../../fleet/facts.ts';
import { observeFleet } from '../../fleet/observe.ts';
import { assertNoRefresh, refreshText } from '../../fleet/refresh.ts';
import { times } from '../../fleet/services.ts';
import { disableAgain, enableAgain } from '../../repair/steps/enable.ts';
import type { RollbackContext, RollbackStep } from '../state.ts';

/** Looks again, under the lock. An unhealthy fleet is not a reason to refuse: that is what a rollback is for. */
export const rollbackPreflight: RollbackStep = {
  id: 'preflight',
  title: 'Check the rollback',
  describe: ({ state }) => [
    `${state.group} serves ${servedBefore(state) ?? 'no release'}; go back to ${state.version}, image ${state.imageId}`,
    ...(state.drift ?? []),
    ...(state.disabled ? [`image ${state.imageId} is disabled: it is enabled first`] : []),
    ...(state.skipped ?? []).map((one) => `not to ${one}`),
    ...((state.rolledBackFrom?.length ?? 0) > 1
      ? [`no later rollback goes to ${state.rolledBackFrom?.join(', ')} by itself`]
      : []),
    `by ${state.method}: ${state.why}`,
    ...state.rejected.map((other) => `not by ${other}`),
    ...(state.supersede ? ['an active instance refresh is canceled first'] : []),
  ],
  async run(context) {
    const { fleet, aws } = context.services;
    const { imageId, version, method, why, disabled, drift = [] } = context.state;
    await endRefresh(context);
    for (const line of drift) context.note(line);
    if (disabled && imageId !== undefined) await enableAgain(context, imageId);
    const [seen, image] = await Promise.all([
      observeFleet(context.services),
      imageId ? readImage(aws.ec2, imageId) : undefined,
    ]);
    if (image?.state !== 'available') {
      throw new PipelineError('rollback.image-gone', `the image of ${version} is ${image?.state ?? 'gone'}`, {
        fix: `choose another: pipeline images ${fleet.app}`,
      });
    }
    await tryClaimFleet(context);
    await context.save({ ...seen.facts, desiredBefore: seen.live.desired });
    context.note(`${image.name} is available; ${seen.healthy.length} of ${seen.live.desired} hosts are healthy`);
    context.note(`by ${method}: ${why}`);
  },
  async undo(context) {
    const enabled = context.changes().find((one) => one.action === 'enable-image' && !one.undoing);
    if (enabled) await disableAgain(context, enabled.target);
  },
  atEnd: releaseClaim,
};

/** Cancels an active refresh when that is wanted. What it has replaced stays; where the fleet goes is what this run is about. */
async function endRefresh(context: RollbackContext): Promise<void> {
  const { fleet, aws } = context.services;
  const { group, supersede } = context.state;
  const refresh = await readRefresh(aws.autoScaling, group);
  assertNoRefresh(refresh, group, supersede);
  if (!isActive(refresh)) return;
  await context.change({ action: 'cancel-refresh', target: refresh.id }, () => cancelRefresh(aws.autoScaling, group));
  await context.poll({
    what: `instance refresh ${refresh.id} to be canceled`,
    read: () => readRefresh(aws.autoScaling, group, refresh.id),
    until: (one) => !isActive(one),
    progress: (one) => context.progress(`instance refresh ${refresh.id} is ${one?.status}`),
    explain: async (one) => {
      const { causes, fix } = await explained(explainGroup(context, group));
      return { causes: [...(one ? [refreshText(one)] : []), ...causes], ...(fix && { fix }) };
    },
    ...times(fleet, 'health'),
  });
  context.note(`instance refresh ${refresh.id} is canceled`);
}
