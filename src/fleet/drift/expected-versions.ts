import type { RunRecord } from '../../ledger/types.ts';

/** Operations that decide which version serves. */
const ofVersions = ['release', 'fast-rollback'];
/** What they changed is undone. */
const undone = ['failed', 'rolled-back'];

/**
 * The versions of which one serves, by the runs of an app: that of the last one that ended well, and those between which a later one may
 * have stopped. Empty when no run tells, as in a ledger that was rebuilt.
 * @param runs Newest first.
 */
export function expectedVersions(runs: readonly RunRecord[]): string[] {
  const versions = new Set<string>();
  for (const { operation, outcome, version, previous } of runs) {
    if (!ofVersions.includes(operation) || outcome === undefined || undone.includes(outcome)) continue;
    if (version !== undefined) versions.add(version);
    if (outcome === 'done') return [...versions];
    // Where it was stopped decides which of both it is.
    if (previous !== undefined) versions.add(previous);
  }
  // The run before may be older than what was read.
  return [];
}
