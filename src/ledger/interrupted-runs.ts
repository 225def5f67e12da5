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

/**
 * The newest run of an app that can still be continued or undone: one without an end, or one that requires manual intervention, unless a
 * later one has made it obsolete. Call it while nobody holds the lock.
 */
export async function findUnfinishedRun(
  history: RunHistory,
  app: string,
  isWanted: (operation: string) => boolean = () => true,
): Promise<RunRecord | undefined> {
  const { changesVersion } = history;
  const runs = await history.ledger.runs(app, runsBack);
  const crashed = new Set(interruptedAmong(runs, changesVersion));
  return runs.find(
    (run, index) =>
      (crashed.has(run) || run.outcome === 'manual-intervention') &&
      isWanted(run.operation) &&
      !isObsolete(runs.slice(0, index), run.operation, changesVersion),
  );
}

/** True while no later run of the same operation was done and, where it decides which version serves, none of those stands. */
export async function isCurrent(history: RunHistory, { app, id, operation }: RunRecord): Promise<boolean> {
  const runs = await history.ledger.runs(app, runsBack);
  const at = runs.findIndex((one) => one.id === id);
  return at >= 0 && !isObsolete(runs.slice(0, at), operation, history.changesVersion);
}

/**
 * True for a run that has ended without leaving anything, and for one that a later run has made obsolete: what it has left, if anything,
 * somebody has dealt with since.
 */
export async function isObsoleteRun(history: RunHistory, app: string, run: RunRecord): Promise<boolean> {
  const { id, operation, outcome } = run;
  if (outcome !== undefined && outcome !== 'manual-intervention') return true;
  const runs = await history.ledger.runs(app, runsBack);
  const at = runs.findIndex((one) => one.id === id);
  return isObsolete(at < 0 ? runs : runs.slice(0, at), operation, history.changesVersion);
}

/** The newest run that requires manual intervention, of those whose operation is wanted, unless a later one has made it obsolete. */
export async function findLeftovers(
  history: RunHistory,
  app: string,
  isWanted: (operation: string) => boolean,
): Promise<RunRecord | undefined> {
  const runs = await history.ledger.runs(app, runsBack);
  return runs.find(
    ({ operation, outcome }, index) =>
      outcome === 'manual-intervention' &&
      isWanted(operation) &&
      !isObsolete(runs.slice(0, index), operation, history.changesVersion),
  );
}

function isObsolete(
  later: readonly RunRecord[],
  operation: string,
  changesVersion: RunHistory['changesVersion'],
): boolean {
  return later.some(
    (one) =>
      (one.outcome === 'done' && one.operation === operation) ||
      (stands.includes(one.outcome ?? '') && changesVersion(operation) && changesVersion(one.operation)),
  );
}
