import { type Operation, undoPreemptible } from '../engine/operation.ts';
import type { Services } from '../fleet/services.ts';
import { refreshSteps } from './plan-refresh.ts';
import type { RefreshState } from './state.ts';

export const refreshSecretsOperation: Operation<Services, RefreshState> = {
  name: 'refresh-secrets',
  preemptible: true,
  changesVersion: false,
  onInterrupted: 'undo',
  // Instances may be out of service, or hold other values.
  beforeStart: undoPreemptible,
  steps: () => refreshSteps,
  summary: ({ names, finished = [], takeover }) => ({ names, hosts: finished.length, inPlace: takeover }),
  // The values before are in no store that could be queried for them.
  undoCommand: () => undefined,
};
