import { deleteWarmPool, hasWarmPool, readGroupTag, setGroupTag } from '../../aws/capacity.ts';
import { readGroup, setCapacity } from '../../aws/groups.ts';
import { deleteScheduledActions, putScheduledActions, readScheduledActions } from '../../aws/scaling-settings.ts';
import { release } from './reservation.ts';
import { endOf, heldTag, ownActions, readBaseline, type ScaleStep, scaleInName, scaleOutName } from './state.ts';

/** Ends an event: what is scheduled is dropped, and a fleet that is held goes back to what it was. Capacity never stays up. */
export const cancelScale: ScaleStep = {
  id: 'cancel',
  title: 'Back to the usual size',
  describe: ({ state: { group } }) => [
    `scheduled actions ${scaleOutName} and ${scaleInName} of ${group} are removed`,
    'a fleet that is held above its usual size goes back to it; what was pre-heated is given back',
  ],
  async run(context) {
    const { aws, fleet } = context.services;
    const { group, scale } = context.state;
    const [seen, all, tag] = await Promise.all([
      readGroup(aws.autoScaling, group),
      readScheduledActions(aws.autoScaling, group),
      readGroupTag(aws.autoScaling, group, heldTag),
    ]);
    const actions = ownActions(all);
    const out = actions.find((one) => one.name === scaleOutName);
    const back = actions.find((one) => one.name === scaleInName);
    const began = out === undefined && back?.min !== undefined && seen.min > back.min;
    const baseline =
      readBaseline(tag, seen.min) ??
      (began ? { min: back.min ?? 0, desired: back.desired ?? seen.desired } : undefined);
    if (actions.length > 0) {
      await context.change({ action: 'delete-scheduled-actions', target: group, data: { actions } }, () =>
        deleteScheduledActions(
          aws.autoScaling,
          group,
          actions.map((one) => one.name),
        ),
      );
      context.note(`${actions.map((one) => `${one.name} (${one.start})`).join(' and ')} will not happen`);
    }
    if (baseline) {
      const to = endOf({ ...scale, baseline });
      await context.change(
        { action: 'set-capacity', target: group, data: { min: seen.min, desired: seen.desired } },
        () => setCapacity(aws.autoScaling, group, to),
      );
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
    if (fleet.scale.warmPool && (await hasWarmPool(aws.autoScaling, group))) {
      await context.change({ action: 'delete-warm-pool', target: group }, () => deleteWarmPool(aws.autoScaling, group));
    }
    await release(context);
    if (actions.length === 0 && !baseline)
      context.note('nothing is scheduled, and the fleet is not held above its usual size');
  },
  async undo(context) {
    const { aws } = context.services;
    const { group } = context.state;
    for (const change of context.changes().filter((one) => !one.undoing && one.error === undefined)) {
      const data = change.data as never as {
        min: number;
        desired: number;
        was: string;
        actions: Parameters<typeof putScheduledActions>[2];
      };
      if (change.action === 'set-capacity') {
        await context.change({ action: 'restore-capacity', target: group }, () =>
          setCapacity(aws.autoScaling, group, { min: data.min, desired: data.desired }),
        );
      }
      if (change.action === 'tag-group') {
        await context.change({ action: 'restore-tag', target: group }, () =>
          setGroupTag(aws.autoScaling, group, heldTag, data.was),
        );
      }
      if (change.action === 'delete-scheduled-actions') {
        await context.change({ action: 'put-scheduled-actions', target: group }, () =>
          putScheduledActions(aws.autoScaling, group, data.actions, context.clock.now()),
        );
      }
    }
  },
};
