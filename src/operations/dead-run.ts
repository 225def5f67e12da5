import type { Ledger, RunRecord } from '../ledger/types.ts';

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
  let settled = false;
  for (const run of await ledger.runs(app, looked)) {
    const about = ofVersions.includes(run.operation);
    if (run.outcome === undefined && run.finishedAt === undefined) {
      if (!(about && settled)) return run;
    } else if (about && stands.includes(run.outcome ?? '')) settled = true;
  }
  return undefined;
}
