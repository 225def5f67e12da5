import type { Operation } from '../engine/operation.ts';
import type { ScaleServices, ScaleState } from '../fleet/scaling/state.ts';
import { scaleName } from './name.ts';
import { scaleSteps } from './plan.ts';

export const scaleOperation: Operation<ScaleServices, ScaleState> = {
  name: scaleName,
  preemptible: false,
  changesVersion: false,
  onInterrupted: 'undo',
  // A fleet that was left on two versions is not made larger; what has nothing to do with its size may stay.
  beforeStart: ({ name, changesVersion }) => (name === scaleName ? 'undo' : changesVersion ? 'refuse' : 'ignore'),
  steps: scaleSteps,
  summary: ({ group, scale: { cancel, to, at, until, was } }) =>
    cancel ? { group, cancelled: true } : { group, to, at: at ?? null, until: until ?? null, before: was.desired },
  undoCommand: ({ scale }, { fleet }) => (scale.cancel ? undefined : `pipeline scale ${fleet.app} --cancel`),
};
