import type { Evidence, WatchFacts } from '../../../analysis/types.ts';
import { type ServedFacts, servedBefore, type VersionFacts } from '../../../fleet/facts.ts';
import type { BuildFacts } from '../../../plays/facts.ts';

/** Facts of a run that changes which version serves. */
type ServingState = VersionFacts & ServedFacts & WatchFacts & Pick<BuildFacts, 'project'> & { how: string };

/** The part of the JSON document that says what serves now, what served before, and which way it went. */
export function servingFacts(state: ServingState): {
  version: string;
  previous: string | null;
  commit: string;
  /** Of the project, that plays ran from; absent for what ran none. */
  projectCommit?: string;
  how: string;
  /** Why it was taken back, in numbers. */
  evidence?: Evidence;
} {
  const { version, commit, project, how, evidence } = state;
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
export function undoByRollback(app: string, state: ServedFacts): string | undefined {
  const before = servedBefore(state);
  return before && `pipeline fast-rollback ${app} ${before}`;
}
