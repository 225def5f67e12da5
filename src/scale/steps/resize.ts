import { readGroup } from '../../aws/groups.ts';
import { tryReleaseClaim } from '../../fleet/claim.ts';
import { heldTag, heldText } from '../../fleet/scaling/held-size.ts';
import { restoreTag, setTag } from '../../fleet/scaling/tags.ts';
import { endPool, restorePool } from '../../fleet/scaling/warm-pool.ts';
import { actionNames } from '../../fleet/scaling/windows.ts';
import { instantText, parseInstant } from '../../shared/instant.ts';
import { assertAhead, putActions, restoreActions } from '../scheduled-actions.ts';
import { restoreSize, setSize } from '../set-size.ts';
import { describeEnd, endOf, type ScaleFacts, type ScaleStep } from '../state.ts';

/**
 * Gives the group its new size now, and the time when it goes back. What comes after it undoes nothing of this: 349 instances
 * of 350 are better than none.
 */
export const resize: ScaleStep = {
  id: 'resize',
  title: 'Resize the group',
  commits: true,
  describe: ({ state: { scale, group } }) => [
    `${group}: ${scale.to} instances now, and at least so many, so that no policy takes them away before the event`,
    describeBack(scale),
  ],
  async run(context) {
    const { aws, fleet } = context.services;
    const { scale, group } = context.state;
    assertAhead(context);
    const before = await readGroup(aws.autoScaling, group);
    const held = scale.to > scale.baseline.desired;
    const min = held ? scale.to : Math.min(fleet.capacity.min, scale.to);
    if (scale.to < before.desired) await endPool(context, group);
    const until = scale.until ?? parseInstant(scale.end?.start);
    await setTag(context, heldTag, held ? heldText(scale.baseline, context.clock.now(), until) : undefined);
    await setSize(context, before, { min, desired: scale.to });
    if (scale.until !== undefined) {
      const name = scale.end?.name ?? actionNames().in;
      await putActions(context, [{ name, start: instantText(scale.until), ...endOf(scale) }]);
    }
    // The size is what was requested, from here on with any outcome.
    await tryReleaseClaim(context);
  },
  async undo(context) {
    await restoreSize(context);
    await restoreTag(context, heldTag);
    await restoreActions(context);
    await restorePool(context);
  },
};

function describeBack(scale: ScaleFacts): string {
  if (scale.until !== undefined) {
    const instead = scale.end ? `, instead of ${scale.end.start}` : '';
    return `back to ${describeEnd(scale)} at ${instantText(scale.until)}, by a scheduled action of Auto Scaling${instead}`;
  }
  return scale.end
    ? `back to ${describeEnd(scale)} at ${scale.end.start}, as is scheduled already`
    : 'it stays so until --cancel';
}
