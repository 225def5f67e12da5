import { type ReleaseState, type RollState, servedBefore } from '../../../fleet/services.ts';

/** The part of the JSON document that says what serves now, what served before, and which way it went. */
export function servingFacts(state: RollState & Pick<ReleaseState, 'project'>): {
  version: string;
  previous: string | null;
  commit: string;
  /** Of the project, that plays ran from; absent for what ran none. */
  projectCommit?: string;
  how: string;
  /** Why it was taken back, in numbers. */
  evidence?: RollState['evidence'];
} {
  const { version, commit, project, how = 'roll', evidence } = state;
  return {
    version,
    previous: servedBefore(state) ?? null,
    commit,
    ...(project?.commit && { projectCommit: project.commit }),
    how,
    ...(evidence && { evidence }),
  };
}

/** The command that goes back to what served before; none when nothing did. */
export function undoByRollback(app: string, state: RollState): string | undefined {
  const before = servedBefore(state);
  return before && `pipeline fast-rollback ${app} ${before}`;
}
