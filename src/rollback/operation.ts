import type { Operation } from '../engine/operation.ts';
import { servedBefore } from '../fleet/facts.ts';
import { servesOtherwise } from '../fleet/serves-otherwise.ts';
import type { Services } from '../fleet/services.ts';
import { type EndFacts, endHooks } from '../release/hooks/end-hooks.ts';
import { servingHeadline, servingSummary } from '../release/summary.ts';
import { rollbackName, rollbackSteps } from './plan.ts';
import type { RollbackState } from './state.ts';

/** For so long the command of a crashed rollback is meant to continue it, in milliseconds. */
const commandAgainMs = 1_800_000;

/** The hooks of a rollback that has finished; undefined where there are none. */
export function rollbackHooks(services: Services, facts: Omit<EndFacts, 'outcome'>) {
  return endHooks('on-rollback', services, { outcome: 'done', ...facts });
}

export const rollbackOperation: Operation<Services, RollbackState> = {
  name: rollbackName,
  // Two rollbacks at once must not undo each other.
  preemptible: false,
  changesVersion: true,
  announces: 'rolled-back',
  // Its undo would lead to a version that somebody had a reason to leave: a person decides.
  onInterrupted: 'refuse',
  steps: (state) => rollbackSteps[state.method],
  summary: servingSummary,
  headline: (state) => ({ ...servingHeadline(state), what: `by ${state.method}` }),
  async cannotContinue({ state }, services) {
    return servesOtherwise(services, state as unknown as RollbackState);
  },
  // Once its version is on every instance, the command asks for another version: at once where that does not serve.
  async isSameRequest({ run, state, steps, outcome }, _services, now) {
    const { method } = state as unknown as RollbackState;
    if (!rollbackSteps[method].some(({ id, commits }) => commits && steps.get(id) === 'done')) return true;
    return outcome === undefined && run !== undefined && now - run.startedAt < commandAgainMs;
  },
  afterEnd({ outcome }, state, services) {
    if (outcome !== 'done') return undefined;
    const { version, commit } = state;
    return rollbackHooks(services, { version, commit, previous: servedBefore(state) });
  },
  undoCommand(state, { fleet }) {
    const before = servedBefore(state);
    return before && `pipeline fast-rollback ${fleet.app} ${before}`;
  },
};
