import type { RunRecord } from '../../ledger/types.ts';

/**
 * `attempt at v7` for a run that was to bring a version and did not complete: the number is used up, and there may be no image of it.
 * Undefined for every other run.
 */
export function attemptAt({
  version,
  outcome,
  committed,
}: Pick<RunRecord, 'version' | 'outcome' | 'committed'>): string | undefined {
  return version === undefined || outcome === undefined || outcome === 'done' || committed
    ? undefined
    : `attempt at ${version}`;
}
