import { PipelineError } from '@golden-pipeline/shared/errors';
import {
  deleteScheduledActions,
  putScheduledActions,
  readScheduledActions,
  type ScheduledAction,
} from '../aws/scaling-settings.ts';
import { instantOf, instantText, wholeSeconds } from '../shared/instant.ts';
import type { ScaleContext } from './state.ts';

/** Gives the group these actions, in the place of those of the same names. */
export async function putActions(context: ScaleContext, actions: readonly ScheduledAction[]): Promise<void> {
  const { autoScaling } = context.services.aws;
  const { group } = context.state;
  const names = actions.map((one) => one.name);
  const was = (await readScheduledActions(autoScaling, group)).filter((one) => names.includes(one.name));
  await context.change(
    { action: 'put-scheduled-actions', target: group, data: { names, was, put: actions } },
    async () => {
      // An action that is overwritten keeps what the new one does not name.
      const former = was.map((one) => one.name);
      if (former.length > 0) await deleteScheduledActions(autoScaling, group, former);
      await putScheduledActions(autoScaling, group, actions, context.clock.now());
    },
  );
}

/** Takes these actions off the group. */
export async function dropActions(context: ScaleContext, was: readonly ScheduledAction[]): Promise<void> {
  if (was.length === 0) return;
  const { group } = context.state;
  const names = was.map((one) => one.name);
  await context.change({ action: 'delete-scheduled-actions', target: group, data: { names, was } }, () =>
    deleteScheduledActions(context.services.aws.autoScaling, group, names),
  );
}

/** Lets the group have the actions that it had before this step. */
export async function restoreActions(context: ScaleContext): Promise<void> {
  const { autoScaling } = context.services.aws;
  const first = context.changes().find((one) => /^(put|delete)-scheduled-actions$/.test(one.action) && !one.undoing);
  if (!first) return;
  const { was, put = [], ...data } = first.data as { names: string[]; was: ScheduledAction[]; put?: ScheduledAction[] };
  // What another run has scheduled under such a name since stays.
  const foreign = (await readScheduledActions(autoScaling, first.target)).filter(
    (one) => put.some(({ name }) => name === one.name) && ![...was, ...put].some((other) => isSame(one, other)),
  );
  const isOurs = (name: string) => !foreign.some((one) => one.name === name);
  const names = data.names.filter(isOurs);
  const back = was.filter(({ name }) => isOurs(name));
  if (names.length === 0) return;
  await context.change({ action: 'restore-scheduled-actions', target: first.target, data: { names } }, async () => {
    await deleteScheduledActions(autoScaling, first.target, names);
    if (back.length > 0) await putScheduledActions(autoScaling, first.target, back, context.clock.now());
  });
}

/** AWS rounds a start to the second. */
function isSame(one: ScheduledAction, other: ScheduledAction): boolean {
  const second = ({ start }: ScheduledAction) => wholeSeconds(instantOf(start));
  return one.name === other.name && one.desired === other.desired && second(one) === second(other);
}

/**
 * That the times which were requested have not passed while the image was validated: Auto Scaling takes none that has.
 * @throws PipelineError `scale.late`
 */
export function assertAhead(context: ScaleContext): void {
  const { at, until, to } = context.state.scale;
  const now = context.clock.now();
  for (const [flag, time] of Object.entries({ '--at': at, '--until': until })) {
    if (time === undefined || time > now) continue;
    throw new PipelineError('scale.late', `${flag} ${instantText(time)} has passed meanwhile: nothing was scheduled`, {
      fix: `pipeline scale ${context.services.fleet.app} ${to} with a later time`,
    });
  }
}
