import type { Ledger, RunRecord } from './types.ts';

/** Number of runs that are searched for an interrupted one. */
const looked = 10;

/**
 * Operations that change which version serves. A later successful one replaces the result of an interrupted one, which
 * must then not be undone.
 */
const ofVersions = ['release', 'fast-rollback'];
const stands = ['done', 'needs-person', 'interrupted'];

/**
 * The newest run of an app that started and never finished: its process crashed, or lost its lock. Call it while nobody
 * holds the lock, or before the record of the own run is written.
 */
export async function findDead(ledger: Pick<Ledger, 'runs'>, app: string): Promise<RunRecord | undefined> {
  return deadAmong(await ledger.runs(app, looked))[0];
}

/** The unfinished ones of some runs, newest first, without those whose result a later run has replaced. */
export function deadAmong(runs: readonly RunRecord[]): RunRecord[] {
  let settled = false;
  return runs.filter(({ operation, outcome, finishedAt }) => {
    const about = ofVersions.includes(operation);
    if (outcome === undefined && finishedAt === undefined) return !(about && settled);
    if (about && stands.includes(outcome ?? '')) settled = true;
    return false;
  });
}
