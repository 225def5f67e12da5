import type { VersionMove } from '../../engine/operation.ts';
import type { ActiveRun } from '../../runner/active-run.ts';

/** What a release brings and what serves meanwhile, as the second half of a sentence. */
export function describeVersions({ version = 'a new version', previous, moved }: VersionMove): string {
  const before = previous ?? 'nothing';
  return moved
    ? `it releases ${version}, which requests may already reach; ${before} served before it`
    : `it releases ${version}, which no request has reached; ${before} serves`;
}

/** How far a plan holds while another run is active. */
export function describeActiveRun({ run, command, by, since, release }: ActiveRun): string {
  const who = `${by}'s "${command}"${run === null ? '' : ` (run ${run})`} has been active since ${since}`;
  const versions = release ? `: ${describeVersions(release)}` : '';
  return `${who}${versions}. Until it has finished, this would be refused (exit 5); the plan is for the fleet as it is now`;
}
