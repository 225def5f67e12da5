import type { RunRecord } from '../../ledger/types.ts';
import { attemptAt } from './attempt.ts';
import { columns } from './table.ts';
import { type Colors, duration, shortTime } from './text.ts';

/** The table of `pipeline history`. */
export function renderHistory(
  fleet: { app: string; environment: string },
  runs: readonly RunRecord[],
  colors: Colors,
): string {
  if (runs.length === 0) return `no runs of ${fleet.app} in ${fleet.environment} yet\n`;
  const rows = runs.map((run) => [
    run.id,
    shortTime(run.startedAt),
    run.operation,
    attemptAt(run) ?? run.version,
    run.previous,
    commits(run),
    run.outcome ?? (run.finishedAt ? undefined : 'running'),
    run.seconds === undefined ? undefined : duration(run.seconds),
    run.by,
  ]);
  return `${columns(['run', 'started', 'operation', 'version', 'before', 'commit', 'outcome', 'time', 'by'], rows, colors)}\n`;
}

/** What was released, and the commit of the project that its plays ran from, where that is another one. */
function commits({ commit, projectCommit }: RunRecord): string | undefined {
  const own = commit?.slice(0, 12);
  return own && projectCommit && projectCommit !== commit ? `${own} (plays ${projectCommit.slice(0, 12)})` : own;
}
