import type { Operation, OperationTraits } from '../engine/operation.ts';
import type { Services } from '../fleet/services.ts';
import { type Instant, instantText } from '../shared/instant.ts';
import { scaleName } from './name.ts';
import { cancelSteps, scaleSteps } from './plan.ts';
import type { CancelState, ScaleState } from './state.ts';

const traits: OperationTraits = {
  name: scaleName,
  preemptible: false,
  changesVersion: false,
  announces: 'scale',
  onInterrupted: 'undo',
  stoppedByHolds: true,
  // A fleet on two versions is not made larger; what has nothing to do with its size may stay.
  beforeStart: ({ name, changesVersion }) => (name === scaleName ? 'undo' : changesVersion ? 'refuse' : 'ignore'),
};

/** Back to the usual size. */
export const cancelOperation: Operation<Services, CancelState> = {
  ...traits,
  steps: () => cancelSteps,
  summary: ({ group }) => ({ group, canceled: true }),
  headline: () => ({ what: 'back to the usual size' }),
  undoCommand: () => undefined,
};

/** Another size, now or at a time to come; as the registry knows it, also back to the usual one. */
export const scaleOperation: Operation<Services, ScaleState> = {
  ...traits,
  steps: scaleSteps,
  summary: ({ group, scale }) =>
    scale.cancel
      ? { group, canceled: true }
      : { group, to: scale.to, at: textOrNull(scale.at), until: textOrNull(scale.until), before: scale.was.desired },
  headline: ({ scale: { cancel, to, at, until } }) => {
    const times = [at && `from ${instantText(at)}`, until && `until ${instantText(until)}`].filter(Boolean);
    return { what: cancel ? 'back to the usual size' : [`to ${to} instances`, ...times].join(' ') };
  },
  undoCommand: ({ scale }, { fleet }) => (scale.cancel ? undefined : `pipeline scale ${fleet.app} --cancel`),
};

const textOrNull = (time: Instant | undefined) => (time === undefined ? null : instantText(time));
