import type { Ledger, RunRecord } from './types.ts';

/** How many runs are looked through for one that was interrupted. */
const runsBack = 10;

/** A later run that changes the version and ended so makes an interrupted one obsolete: to undo that would go the wrong way. */
const stands = ['done', 'manual-intervention', 'interrupted'];

/** Where runs are recorded, and whether runs of an operation decide which version serves. */
export interface RunHistory {
  ledger: Pick<Ledger, 'runs'>;
  changesVersion(operation: string): boolean;
}

/**
 * The newest run of an app that began and never finished: its process has crashed, or has lost its lock. Call it while nobody holds the
 * lock, or before the record of one's own run is written.
 */
export async function findInterruptedRun(history: RunHistory, app: string): Promise<RunRecord | undefined> {
  return interruptedAmong(await history.ledger.runs(app, runsBack), history.changesVersion)[0];
}

/** Those of some runs, the newest first, that never ended, without those that a later one has made obsolete. */
export function interruptedAmong(
  runs: readonly RunRecord[],
  changesVersion: RunHistory['changesVersion'],
): RunRecord[] {
  let obsolete = false;
  return runs.filter(({ operation, outcome, finishedAt }) => {
    const changes = changesVersion(operation);
    if (outcome === undefined && finishedAt === undefined) return !(changes && obsolete);
    if (changes && stands.includes(outcome ?? '')) obsolete = true;
    return false;
  });
}
