import { replay } from '../engine/journal.ts';
import type { VersionMove } from '../engine/operation.ts';
import { readMove } from './find-blocking-run.ts';
import type { RunnerContext, RunnerServices } from './ports.ts';

/** The run that is active on an app, as `--dry-run --json` shows it. */
export interface ActiveRun {
  /** Null for a lock that was taken by hand. */
  run: string | null;
  command: string;
  by: string;
  /** ISO time. */
  since: string;
  /** What an active release brings, what served before it, and whether requests may have reached it. */
  release?: VersionMove;
}

/** Reads who holds the lock of an app; undefined when it is free. */
export async function findActiveRun(
  { operations }: Pick<RunnerContext, 'operations'>,
  { ledger, fleet }: Pick<RunnerServices, 'ledger' | 'fleet'>,
): Promise<ActiveRun | undefined> {
  const lock = await ledger.lockOf(fleet.app);
  if (!lock) return undefined;
  const { run: id = null, command, since, owner, host } = lock;
  const run = id === null ? undefined : await ledger.run(id);
  const operation = run && operations.find((one) => one.name === run.operation);
  const release = run && (await readMove(operation, async () => replay(await ledger.journal(run.id))));
  return { run: id, command, by: `${owner}@${host}`, since, ...(release && { release }) };
}
