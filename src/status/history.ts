import type { AccessedInstance, AccessRecord } from '../ledger/access.ts';
import type { Ledger, RunRecord } from '../ledger/types.ts';
import { instantOf } from '../shared/instant.ts';

/** A run, or an access to instances: a command there, or a login, with how it ended on each. */
export type HistoryRecord = RunRecord & { instances?: AccessedInstance[] };

/**
 * Runs of an app, and the accesses to its instances since the oldest of them, newest first.
 * @param limit Most runs, and most accesses: many of these do not take the places of runs.
 */
export async function readHistory(
  ledger: Pick<Ledger, 'runs' | 'access'>,
  app: string,
  limit: number,
): Promise<HistoryRecord[]> {
  const [runs, accesses] = await Promise.all([ledger.runs(app, limit), ledger.access.list(app, limit)]);
  // Ids sort by time. Without older runs, everything is since the oldest one.
  const oldest = runs.length < limit ? '' : (runs.at(-1)?.id ?? '');
  const since = accesses.filter(({ id }) => id > oldest).map(asRun);
  return [...runs, ...since].sort((a, b) => (a.id < b.id ? 1 : -1));
}

/** The access whose id starts with `text`, unless a run has such an id; undefined where there is none, or several. */
export async function findAccess(
  ledger: Pick<Ledger, 'runIds' | 'access'>,
  app: string,
  text: string,
): Promise<AccessRecord | undefined> {
  const [runs, accesses] = await Promise.all([ledger.runIds(app, text), ledger.access.ids(app, text)]);
  const [only, ...more] = accesses;
  return only !== undefined && more.length === 0 && runs.length === 0 ? ledger.access.read(app, only) : undefined;
}

/** How an access ended; a login ends well whatever its shell says. Undefined while it goes on, or when its process was killed. */
export function accessOutcome({ operation, finishedAt, instances }: AccessRecord): 'done' | 'failed' | undefined {
  if (finishedAt === undefined) return undefined;
  const isGood = ({ exitCode }: AccessedInstance) => exitCode === 0 || (operation === 'ssh' && exitCode !== undefined);
  return instances.every(isGood) ? 'done' : 'failed';
}

function asRun(record: AccessRecord): HistoryRecord {
  const outcome = accessOutcome(record);
  const seconds = (instantOf(record.finishedAt) - instantOf(record.startedAt)) / 1000;
  return { ...record, steps: [], ...(outcome && { outcome }), ...(Number.isNaN(seconds) ? {} : { seconds }) };
}
