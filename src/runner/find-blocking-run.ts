import { type Replay, replay } from '../engine/journal.ts';
import type { VersionMove } from '../engine/operation.ts';
import type { Services } from '../fleet/services.ts';
import { findInterruptedRun } from '../ledger/interrupted-runs.ts';
import type { LockRecord, RunRecord } from '../ledger/types.ts';
import { reportWatch } from './hold-lock.ts';
import type { AnyOperation } from './operations.ts';
import type { RunnerContext } from './ports.ts';

/** A run that another one would have to wait for, or to undo: one that holds the lock, or one whose process has crashed. */
export interface BlockingRun {
  readonly run: RunRecord;
  /** Absent for a run whose process has crashed. */
  readonly lock?: LockRecord;
  /** Undefined for a task, or for an operation that this version does not know. */
  readonly operation?: AnyOperation;
  /** What it has done to the traffic; undefined for an operation that brings no version. Its journal is read once. */
  versionMove(): Promise<VersionMove | undefined>;
}

/**
 * Finds it; undefined when there is none, also for a lock that was taken by hand. The ledger is only read.
 * @param preview Nothing is done about it: whether a run has crashed is then decided by the time in its lock, and not waited for.
 */
export async function findBlockingRun(
  { operations, reporter }: Pick<RunnerContext, 'operations' | 'reporter'>,
  services: Pick<Services, 'ledger' | 'fleet' | 'changesVersion'>,
  { preview = false }: { preview?: boolean } = {},
): Promise<BlockingRun | undefined> {
  const { ledger, fleet } = services;
  const lock = preview ? await ledger.lockOf(fleet.app) : await ledger.findHolder(fleet.app, reportWatch(reporter));
  const run = lock ? await runOf(ledger, lock) : await findInterruptedRun(services, fleet.app);
  if (!run) return undefined;
  const operation = operations.find((one) => one.name === run.operation);
  const read = once(async () => replay(await ledger.journal(run.id)));
  return {
    run,
    ...(lock && { lock }),
    ...(operation && { operation }),
    versionMove: () => readMove(operation, read),
  };
}

/** How far a run has come with the version that it brings. */
export async function readMove(
  operation: AnyOperation | undefined,
  journal: () => Promise<Replay>,
): Promise<VersionMove | undefined> {
  return operation?.versionMove?.(await journal());
}

/** Reads at the first call, and gives the same from then on. */
export function once<T>(read: () => Promise<T>): () => Promise<T> {
  let reading: Promise<T> | undefined;
  return () => {
    reading ??= read();
    return reading;
  };
}

async function runOf(ledger: Services['ledger'], { run }: LockRecord): Promise<RunRecord | undefined> {
  return run === undefined ? undefined : ledger.run(run);
}
