import { PipelineError } from '@golden-pipeline/shared/errors';
import { readGroup } from '../../aws/groups.ts';
import { heldTag, heldText } from '../../fleet/scaling/held-size.ts';
import { describeEnd, endOf, type ScaleContext, type ScaleStep } from '../../fleet/scaling/state.ts';
import { restoreTag, setTag } from '../../fleet/scaling/tags.ts';
import { endPool, restorePool } from '../../fleet/scaling/warm-pool.ts';
import { actionNames } from '../../fleet/scaling/windows.ts';
import { assertAhead, putActions, restoreActions } from '../scheduled-actions.ts';
import { restoreSize, setSize } from '../set-size.ts';

/**
 * Gives the group its new size now, and the time when it goes back. What comes after it takes nothing of this back: 349 machines
 * of 350 are better than none.
 */
export const resize: ScaleStep = {
  id: 'resize',
  title: 'Change the size',
  commits: true,
  describe: ({ state: { scale, group } }) => [
    `${group}: ${scale.to} machines now, and at least so many, so that no policy takes them away before the event`,
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
    const until = scale.until ?? scale.end?.start;
    const since = new Date(context.clock.now()).toISOString();
    await setTag(context, heldTag, held ? heldText(scale.baseline, since, until) : undefined);
    await setSize(context, before, { min, desired: scale.to });
    if (scale.until) {
      await putActions(context, [{ name: scale.end?.name ?? actionNames().in, start: scale.until, ...endOf(scale) }]);
    }
  },
  async undo(context) {
    await restoreSize(context);
    await restoreTag(context, heldTag);
    await restoreActions(context);
    await restorePool(context);
  },
};

/** Leaves both ends to Auto Scaling: nothing of ours has to be alive when the time comes. */
export const plan: ScaleStep = {
  id: 'schedule',
  title: 'Schedule',
  describe: ({ state: { scale, group } }) => [
    `at ${scale.at} ${group} gets ${scale.to} machines, and at least so many`,
    scale.until ? `at ${scale.until} it goes back to ${describeEnd(scale)}` : 'it stays so until --cancel',
    scale.until
      ? 'both are scheduled actions of Auto Scaling: nothing of ours has to be running then'
      : 'it is a scheduled action of Auto Scaling: nothing of ours has to be running then',
  ],
  async run(context) {
    const { scale } = context.state;
    assertAhead(context);
    if (!scale.until) {
      // A fleet that is held without an end already is so from now on; else its tag counts from the time of the event.
      const since = scale.held && !scale.end ? new Date(context.clock.now()).toISOString() : (scale.at ?? '');
      await setTag(context, heldTag, heldText(scale.baseline, since, undefined));
    }
    const names = actionNames(scale.at);
    const back = scale.until ? [{ name: names.in, start: scale.until, ...endOf(scale) }] : [];
    await putActions(context, [{ name: names.out, start: scale.at, min: scale.to, desired: scale.to }, ...back]);
  },
  async undo(context) {
    assertNotBegun(context);
    await restoreTag(context, heldTag);
    await restoreActions(context);
  },
};

/**
 * An event whose time has come meanwhile (the run had died) is one that goes on: without tag and schedule nobody would end it.
 * @throws PipelineError `scale.begun`
 */
function assertNotBegun({ state: { scale }, clock, changes, services }: ScaleContext): void {
  if (Date.parse(scale.at ?? '') > clock.now()) return;
  if (!changes().some((one) => one.action === 'put-scheduled-actions' && !one.undoing && !one.error)) return;
  throw new PipelineError(
    'scale.begun',
    `the event has begun at ${scale.at}; to end it: pipeline scale ${services.fleet.app} --cancel`,
  );
}

function describeBack(scale: ScaleContext['state']['scale']): string {
  if (scale.until) {
    const instead = scale.end ? `, instead of ${scale.end.start}` : '';
    return `back to ${describeEnd(scale)} at ${scale.until}, by a scheduled action of Auto Scaling${instead}`;
  }
  return scale.end
    ? `back to ${describeEnd(scale)} at ${scale.end.start}, as is scheduled already`
    : 'it stays so until --cancel';
}
