import type { Operation } from '../engine/operation.ts';
import type { Services } from '../fleet/services.ts';
import { rebuildSteps } from './plan.ts';
import type { RebuildState } from './rebuild.ts';

export const rebuildLedgerOperation: Operation<Services, RebuildState> = {
  name: 'rebuild-ledger',
  preemptible: false,
  changesVersion: false,
  // It only adds what is missing: nothing of it is in the way of others.
  onInterrupted: 'ignore',
  steps: () => rebuildSteps,
  summary: ({ added, differing }) => ({ added, differing }),
  undoCommand: () => undefined,
};
