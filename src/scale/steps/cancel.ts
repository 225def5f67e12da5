import { readGroupTag } from '../../aws/group-tags.ts';
import { readGroup } from '../../aws/groups.ts';
import { readScheduledActions } from '../../aws/scaling-settings.ts';
import { releaseClaim, tryClaimFleet } from '../../fleet/claim.ts';
import { heldBaseline, heldTag } from '../../fleet/scaling/held-size.ts';
import { release, restoreUnits } from '../../fleet/scaling/reservation.ts';
import { restoreTag, setTag } from '../../fleet/scaling/tags.ts';
import { endPool, restorePool } from '../../fleet/scaling/warm-pool.ts';
import { ownActions } from '../../fleet/scaling/windows.ts';
import { dropActions, restoreActions } from '../scheduled-actions.ts';
import { restoreSize, setSize } from '../set-size.ts';
import { describeEnd, endOf, type ScaleStep } from '../state.ts';

/** Ends an event: what is scheduled is dropped, and a fleet that is held goes back to what it was. Capacity never stays up. */
export const cancelScale: ScaleStep = {
  id: 'cancel',
  title: 'Return to the usual size',
  describe: ({ state: { group, scale } }) => [
    ...(scale.events.length > 0 ? scale.events.map((one) => `dropped: ${one}`) : ['nothing is scheduled']),
    scale.held
      ? `${group} goes back from ${scale.was.desired} instances to ${describeEnd(scale)}`
      : `${group} keeps its ${scale.was.desired} instances: it is not held above its usual size`,
    'what was pre-heated is given back',
  ],
  async run(context) {
    const { aws } = context.services;
    const { group, scale } = context.state;
    const [seen, all, tag] = await Promise.all([
      readGroup(aws.autoScaling, group),
      readScheduledActions(aws.autoScaling, group),
      readGroupTag(aws.autoScaling, group, heldTag),
    ]);
    const actions = ownActions(all);
    const baseline = heldBaseline(tag, all, seen, context.clock.now());
    await tryClaimFleet(context);
    await dropActions(context, actions);
    if (actions.length > 0) {
      context.note(`${actions.map((one) => `${one.name} (${one.start})`).join(' and ')} will not happen`);
    }
    // Before the fleet gets smaller: what leaves it would be made up for in the pool.
    await endPool(context, group);
    if (baseline) {
      const to = endOf({ ...scale, baseline });
      await setSize(context, seen, to);
      context.note(
        to.desired === undefined
          ? `${group} has a minimum of ${to.min} again; its scaling policies scale it in`
          : `${group} goes back to ${to.desired} instances (minimum ${to.min})`,
      );
    }
    await setTag(context, heldTag, undefined);
    await release(context);
    if (actions.length === 0 && !baseline)
      context.note('nothing is scheduled, and the fleet is not held above its usual size');
  },
  async undo(context) {
    await restoreSize(context);
    await restoreTag(context, heldTag);
    await restoreActions(context);
    await restorePool(context);
    await restoreUnits(context);
  },
  atEnd: releaseClaim,
};
