import { readGroupTag, setGroupTag } from '../../aws/capacity.ts';
import { readGroup } from '../../aws/groups.ts';
import {
  deleteScheduledActions,
  putScheduledActions,
  readScheduledActions,
  type ScheduledAction,
} from '../../aws/scaling-settings.ts';
import { endPool, restorePool } from './pool.ts';
import { release, reserveAgain } from './reservation.ts';
import { restoreSize, setSize } from './size.ts';
import { describeEnd, endOf, heldBaseline, heldTag, type ScaleStep } from './state.ts';
import { ownActions } from './windows.ts';

/** Ends an event: what is scheduled is dropped, and a fleet that is held goes back to what it was. Capacity never stays up. */
export const cancelScale: ScaleStep = {
  id: 'cancel',
  title: 'Back to the usual size',
  describe: ({ state: { group, scale } }) => [
    ...(scale.events.length > 0 ? scale.events.map((one) => `dropped: ${one}`) : ['nothing is scheduled']),
    scale.held
      ? `${group} goes back from ${scale.was.desired} machines to ${describeEnd(scale)}`
      : `${group} keeps its ${scale.was.desired} machines: it is not held above its usual size`,
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
    if (actions.length > 0) {
      const names = actions.map((one) => one.name);
      await context.change({ action: 'delete-scheduled-actions', target: group, data: { actions } }, () =>
        deleteScheduledActions(aws.autoScaling, group, names),
      );
      context.note(`${actions.map((one) => `${one.name} (${one.start})`).join(' and ')} will not happen`);
    }
    // Before the fleet gets smaller: what leaves it would be made up for in the pool.
    await endPool(context, group);
    if (baseline) {
      const to = endOf({ ...scale, baseline });
      await setSize(context, seen, to);
      context.note(
        to.desired === undefined
          ? `${group} has a minimum of ${to.min} again; its scaling policies take it down`
          : `${group} goes back to ${to.desired} machines (minimum ${to.min})`,
      );
    }
    if (tag !== undefined) {
      await context.change({ action: 'tag-group', target: group, data: { was: tag } }, () =>
        setGroupTag(aws.autoScaling, group, heldTag, undefined),
      );
    }
    await release(context);
    if (actions.length === 0 && !baseline)
      context.note('nothing is scheduled, and the fleet is not held above its usual size');
  },
  async undo(context) {
    const { autoScaling } = context.services.aws;
    const { group } = context.state;
    await restoreSize(context);
    for (const change of context.changes().filter((one) => !one.undoing && one.error === undefined)) {
      const data = change.data as never as { was: string; actions: ScheduledAction[] };
      if (change.action === 'tag-group') {
        await context.change({ action: 'restore-tag', target: group }, () =>
          setGroupTag(autoScaling, group, heldTag, data.was),
        );
      }
      if (change.action === 'delete-scheduled-actions') {
        await context.change({ action: 'put-scheduled-actions', target: group }, () =>
          putScheduledActions(autoScaling, group, data.actions, context.clock.now()),
        );
      }
    }
    await restorePool(context);
    await reserveAgain(context);
  },
};
