import type { Evidence, WatchFacts, WindowCoverage } from '../analysis/types.ts';
import type { RunHeadline } from '../engine/events.ts';
import { type ServedFacts, servedBefore, type VersionFacts } from '../fleet/facts.ts';
import type { BuildFacts } from '../plays/facts.ts';

/** Facts of a run that changes which version serves. */
type ServingState = VersionFacts & ServedFacts & WatchFacts & Pick<BuildFacts, 'project'> & { method: string };

/** What a run that brings a version says of it: what serves now, what served before, and by which method. */
export function servingSummary(state: ServingState): {
  version: string;
  previous: string | null;
  commit: string;
  /** Of the project, that plays ran from; absent for what ran none. */
  projectCommit?: string;
  method: string;
  /** Why it was rolled back, in numbers. */
  evidence?: Evidence;
  /** What its verify window could see. */
  window?: WindowCoverage;
} {
  const { version, commit, project, method, evidence, window } = state;
  return {
    version,
    previous: servedBefore(state) ?? null,
    commit,
    ...(project?.commit && { projectCommit: project.commit }),
    method,
    ...(evidence && { evidence }),
    ...(window && { window }),
  };
}

/** What a run that brings a version says of it when it begins. */
export function servingHeadline(
  state: Pick<ServingState, 'version' | 'commit'> & Partial<ServedFacts> & { subject?: string },
): RunHeadline {
  const { version, commit, subject } = state;
  const previous = servedBefore(state);
  return { version, ...(previous !== undefined && { previous }), commit, ...(subject !== undefined && { subject }) };
}
