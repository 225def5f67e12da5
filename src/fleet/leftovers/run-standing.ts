import { isObsoleteRun, type RunHistory } from '../../ledger/interrupted-runs.ts';
import type { Ledger } from '../../ledger/types.ts';

/**
 * What the ledger knows of a run whose tags a group or an instance carries, while nobody holds the lock. `unfinished`: it is not active,
 * and its tags tell what was before it. `over`: it ended, or a later run has made it obsolete, so that its tags tell nothing any more.
 * `unknown`: it is not of this ledger, and may be active with another one.
 */
export type Standing = 'unfinished' | 'over' | 'unknown';

/** Where the standing of a run is looked up. */
export interface StandingSource {
  history: RunHistory & { ledger: Pick<Ledger, 'run'> };
  app: string;
  /** Runs that count as unfinished: the own one, and one that a person has named as lost. */
  trusted: readonly (string | undefined)[];
}

/** The standing of each of some runs; an empty id, of an instance without that tag, is unknown. */
export async function readStandings(
  { history, app, trusted }: StandingSource,
  runs: readonly string[],
): Promise<(run: string) => Standing> {
  const standingOf = async (id: string): Promise<Standing> => {
    if (trusted.includes(id)) return 'unfinished';
    const run = id === '' ? undefined : await history.ledger.run(id);
    if (!run) return 'unknown';
    return (await isObsoleteRun(history, app, run)) ? 'over' : 'unfinished';
  };
  const found = await Promise.all([...new Set(runs)].map(async (id) => [id, await standingOf(id)] as const));
  const standings = new Map(found);
  return (run) => standings.get(run) ?? 'unknown';
}
