import type { Operation } from '../engine/operation.ts';
import { servedBefore } from '../fleet/facts.ts';
import { servesOtherwise } from '../fleet/serves-otherwise.ts';
import type { Services } from '../fleet/services.ts';
import { servingSummary } from '../release/summary.ts';
import { rollbackName, rollbackSteps } from './plan.ts';
import type { RollbackState } from './state.ts';

export const rollbackOperation: Operation<Services, RollbackState> = {
  name: rollbackName,
  // Two rollbacks at once must not undo each other.
  preemptible: false,
  changesVersion: true,
  // Its undo would lead to a version that somebody had a reason to leave: a person decides.
  onInterrupted: 'refuse',
  steps: (state) => rollbackSteps[state.method],
  summary: servingSummary,
  async cannotContinue({ state }, services) {
    return servesOtherwise(services, state as unknown as RollbackState);
  },
  // One that has failed once its version was on every instance leaves it there: then the command asks for another version.
  isSameRequest: async ({ state, steps, outcome }) =>
    outcome === undefined ||
    !rollbackSteps[(state as unknown as RollbackState).method].some(
      ({ id, commits }) => commits && steps.get(id) === 'done',
    ),
  undoCommand(state, { fleet }) {
    const before = servedBefore(state);
    return before && `pipeline fast-rollback ${fleet.app} ${before}`;
  },
};
