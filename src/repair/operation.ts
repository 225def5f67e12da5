import { type Operation, undoPreemptible } from '../engine/operation.ts';
import { servesOtherwise } from '../fleet/serves-otherwise.ts';
import type { Services } from '../fleet/services.ts';
import { repairSteps } from './plan.ts';
import type { RepairState } from './state.ts';

export const repairOperation: Operation<Services, RepairState> = {
  name: 'repair',
  preemptible: true,
  changesVersion: false,
  onInterrupted: 'undo',
  // An instance or a template that was left may be blocking.
  beforeStart: undoPreemptible,
  steps: repairSteps,
  summary: ({ version, repair, broken, imageId = broken.imageId }) => ({ version, repair, imageId }),
  cannotContinue: ({ state }, services) => servesOtherwise(services, state as unknown as RepairState),
  undoCommand: () => undefined,
};
