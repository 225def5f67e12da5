import { PipelineError } from '@golden-pipeline/shared/errors';
import { need } from '../../engine/need.ts';
import { heldTag, heldText } from '../../fleet/scaling/held-size.ts';
import { restoreTag, setTag } from '../../fleet/scaling/tags.ts';
import { actionNames } from '../../fleet/scaling/windows.ts';
import { instantText } from '../../shared/instant.ts';
import { assertAhead, putActions, restoreActions } from '../scheduled-actions.ts';
import { describeEnd, endOf, type ScaleContext, type ScaleStep } from '../state.ts';

/** Leaves both ends to Auto Scaling: nothing of ours has to be alive when the time comes. */
export const schedule: ScaleStep = {
  id: 'schedule',
  title: 'Schedule the size changes',
  describe: ({ state: { scale, group } }) => [
    `at ${instantText(need(scale, 'at'))} ${group} gets ${scale.to} instances, and at least so many`,
    ...(scale.until === undefined
      ? [
          'it stays so until --cancel',
          'it is a scheduled action of Auto Scaling: the pipeline does not have to run at that time',
        ]
      : [
          `at ${instantText(scale.until)} it goes back to ${describeEnd(scale)}`,
          'both are scheduled actions of Auto Scaling: the pipeline does not have to run at that time',
        ]),
  ],
  async run(context) {
    const { scale } = context.state;
    const at = need(scale, 'at');
    assertAhead(context);
    if (scale.until === undefined) {
      // A fleet that is held without an end already is so from now on; else its tag counts from the time of the event.
      const since = scale.held && !scale.end ? context.clock.now() : at;
      await setTag(context, heldTag, heldText(scale.baseline, since, undefined));
    }
    const names = actionNames(at);
    const back =
      scale.until === undefined ? [] : [{ name: names.in, start: instantText(scale.until), ...endOf(scale) }];
    await putActions(context, [{ name: names.out, start: instantText(at), min: scale.to, desired: scale.to }, ...back]);
  },
  async undo(context) {
    assertNotBegun(context);
    await restoreTag(context, heldTag);
    await restoreActions(context);
  },
};

/**
 * An event whose time has come meanwhile (the run was interrupted) is one that goes on: without tag and schedule nobody would end it.
 * @throws PipelineError `scale.begun`
 */
function assertNotBegun({ state: { scale }, clock, changes, services }: ScaleContext): void {
  const at = need(scale, 'at');
  if (at > clock.now()) return;
  if (!changes().some((one) => one.action === 'put-scheduled-actions' && !one.undoing && !one.error)) return;
  throw new PipelineError(
    'scale.begun',
    `the event has begun at ${instantText(at)}; to end it: pipeline scale ${services.fleet.app} --cancel`,
  );
}
