import { type Operation, undoPreemptible } from '../engine/operation.ts';
import { servesOtherwise } from '../fleet/serves-otherwise.ts';
import type { Services } from '../fleet/services.ts';
import { restartSteps } from './plan.ts';
import type { RestartState } from './state.ts';

/** For so long the command of a crashed restart is meant to continue it, in milliseconds. */
const commandAgainMs = 1_800_000;

/** A rolling restart is not stopped by holds: it brings no other version, and may be what an emergency needs. */
export const restartOperation: Operation<Services, RestartState> = {
  name: 'restart',
  preemptible: true,
  changesVersion: false,
  announces: 'restarted',
  onInterrupted: 'undo',
  // Instances may be out of service.
  beforeStart: undoPreemptible,
  steps: () => restartSteps,
  summary: ({ finished = [], takeover }) => ({ instances: finished.length, inPlace: takeover }),
  cannotContinue: ({ state }, services) => servesOtherwise(services, state as unknown as RestartState),
  isSameRequest: async ({ run }, _services, now) => run !== undefined && now - run.startedAt < commandAgainMs,
  undoCommand: () => undefined,
};
