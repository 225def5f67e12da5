import { type ReleaseState, type RollState, servedBefore } from '../fleet/services.ts';

/** What a run that brings a version says of it: what serves now, what served before, and by which method. */
export function servingSummary(state: RollState & Pick<ReleaseState, 'project'>): {
  version: string;
  previous: string | null;
  commit: string;
  /** Of the project, that plays ran from; absent for what ran none. */
  projectCommit?: string;
  how: string;
  /** Why it was rolled back, in numbers. */
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
