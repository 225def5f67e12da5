import type { Ledger, RunRecord } from './types.ts';

/** How far back a run that never ended is looked for. */
const looked = 10;

/** What decides which version serves. A later one that stands has made up for a dead one: to undo that would go the wrong way. */
const ofVersions = ['release', 'fast-rollback'];
const stands = ['done', 'needs-person', 'interrupted'];

/**
 * The newest run of an app that began and never ended: its process died, or has lost its lock. Ask while nobody holds the lock, or
 * before the record of one's own run is written.
 */
export async function findDead(ledger: Pick<Ledger, 'runs'>, app: string): Promise<RunRecord | undefined> {
  return deadAmong(await ledger.runs(app, looked))[0];
}

/** Those of some runs, the newest first, that never ended, without those that a later one has made up for. */
export function deadAmong(runs: readonly RunRecord[]): RunRecord[] {
  let settled = false;
  return runs.filter(({ operation, outcome, finishedAt }) => {
    const about = ofVersions.includes(operation);
    if (outcome === undefined && finishedAt === undefined) return !(about && settled);
    if (about && stands.includes(outcome ?? '')) settled = true;
    return false;
  });
}
