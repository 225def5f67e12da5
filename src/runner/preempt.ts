import { PipelineError } from '@golden-pipeline/shared/errors';
import { type Replay, replay } from '../engine/journal.ts';
import { createPoll } from '../engine/poll.ts';
import type { Services } from '../fleet/services.ts';
import type { LockRecord, RunRecord } from '../ledger/types.ts';
import { once } from './find-blocking-run.ts';
import type { RunnerContext } from './ports.ts';
import { recoverRun } from './recover.ts';

/** How often the lock is read, and how often it is reported what is waited for, in milliseconds. */
const pollMs = 250;
const reportMs = 10_000;
/** An undo that takes longer requires manual intervention. */
const timeoutMs = 3_600_000;

/** A run that was active on the fleet and is not any more. */
export interface EndedRun {
  /** As it ended. */
  run: RunRecord;
  /** Its journal since it has ended, read once. */
  journal(): Promise<Replay>;
  /** Seconds that it took to end it, without the hooks of its end. */
  seconds: number;
}

/**
 * Ends the run that holds a lock, or undoes a crashed one from here. An active run is requested to undo its changes; once it is past the
 * point where its work is committed, it finishes as usual.
 * @param reason What it is for, as the other run will report it.
 * @returns undefined when the run had recorded nothing yet
 * @throws PipelineError `lock.held` when the lock was taken by hand
 */
export async function preempt(
  context: RunnerContext,
  services: Services,
  blocking: { run: RunRecord; lock?: undefined } | { lock: LockRecord },
  reason: string,
): Promise<EndedRun | undefined> {
  const started = context.clock.now();
  const ended = blocking.lock ? await endActive(context, services, blocking.lock, reason) : blocking.run;
  if (!ended) return undefined;
  const seconds = (at: number) => (at - started) / 1000;
  // Its process has crashed, perhaps only now: its changes are in its journal. What it could not undo is undone once more.
  if (ended.outcome === undefined || (!blocking.lock && ended.outcome === 'manual-intervention')) {
    const { run, journal, at } = await recoverRun(context, services, ended);
    return { run, journal: async () => journal, seconds: seconds(at) };
  }
  const read = async () => replay(await services.ledger.journal(ended.id));
  return { run: ended, journal: once(read), seconds: seconds(context.clock.now()) };
}

/** Requests the holder of a lock to end, and waits until it has. @returns its record, without an outcome if its process has crashed */
async function endActive(
  { clock, reporter }: RunnerContext,
  { ledger, fleet, by }: Services,
  lock: LockRecord,
  reason: string,
): Promise<RunRecord | undefined> {
  if (lock.run === undefined) {
    const { app, owner, host, command } = lock;
    throw new PipelineError('lock.held', `${app} is locked by ${owner}@${host}: ${lock.reason ?? command}`, {
      outcome: 'locked',
      fix: `it was locked by hand; ask ${owner} to unlock it`,
    });
  }
  reporter.report({ code: 'run.preempting', holder: lock });
  await ledger.requestAbort(lock, { by, reason });
  let reported = clock.now();
  await createPoll(clock)({
    what: `${lock.owner}@${lock.host}'s "${lock.command}" (run ${lock.run}) to finish`,
    read: () => ledger.findHolder(fleet.app),
    until: (now) => now?.fence !== lock.fence,
    progress: () => {
      if (clock.now() - reported < reportMs) return;
      reported = clock.now();
      reporter.report({ code: 'run.awaited', holder: lock });
    },
    everyMs: pollMs,
    timeoutMs,
  });
  const run = await ledger.run(lock.run);
  reporter.report({ code: 'run.finished', run: lock.run, ...(run?.outcome && { outcome: run.outcome }) });
  return run;
}
