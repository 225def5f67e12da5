import type { RollState } from '../../../steps/services.ts';

/** The part of the JSON document that says what serves now, what served before, and which way it went. */
export function servingFacts(state: RollState): { version: string; previous: string | null; how: string } {
  return { version: state.version, previous: state.current.version ?? null, how: state.how ?? 'roll' };
}

/** The command that goes back to what served before; none when nothing did. */
export function undoByRollback(app: string, state: RollState): string | undefined {
  return state.current.version && `pipeline fast-rollback ${app} ${state.current.version}`;
}
