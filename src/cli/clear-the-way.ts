import { PipelineError } from '@golden-pipeline/shared/errors';
import { createPoll } from '../engine/poll.ts';
import type { Services } from '../fleet/services.ts';
import { findDead } from '../ledger/interrupted-runs.ts';
import type { LockRecord, RunRecord } from '../ledger/types.ts';
import type { CommandOptions } from './command.ts';
import type { CliContext } from './context.ts';
import { undoDead } from './undo-dead.ts';

/** How often to look whether the lock is free, and to say what one waits for, in milliseconds. */
const lookMs = 250;
const sayMs = 10_000;
/** An undo that takes longer needs a person. */
const patienceMs = 3_600_000;

/** A run that was at work on the fleet and is not any more. */
export interface Cleared {
  /** As it ended. */
  run: RunRecord;
  /** Seconds that it took. */
  seconds: number;
}

/** A run at work on the fleet, or what one has left whose process died: then without a lock. */
export interface InTheWay {
  run: RunRecord;
  lock?: LockRecord;
}

/**
 * Finds the run that {@link clearTheWay} would end; undefined when there is none, also for a lock that was taken by hand.
 * @param only The operations that count; any without it.
 */
export async function findInTheWay(services: Services, only?: readonly string[]): Promise<InTheWay | undefined> {
  const { ledger, fleet } = services;
  const counts = (run: RunRecord | undefined): run is RunRecord =>
    run !== undefined && (only === undefined || only.includes(run.operation));
  const lock = await ledger.lockOf(fleet.app);
  if (lock) {
    const run = lock.run === undefined ? undefined : await ledger.run(lock.run);
    return counts(run) ? { run, lock } : undefined;
  }
  const dead = await findDead(ledger, fleet.app);
  return counts(dead) ? { run: dead } : undefined;
}

/**
 * Ends what another run is doing to the fleet. A living one is asked to undo its work; once it is past the point where its work
 * stands, it ends as usual. What a dead one has left is undone from here.
 * @param request.reason What it is for, as the other run will say it.
 * @param request.only The operations that may be ended; others are left alone. Two who go back at once must not undo each other.
 * @returns the run that was in the way; undefined when there was none
 * @throws PipelineError `lock.held` when the lock was taken by hand
 */
export async function clearTheWay(
  context: CliContext,
  services: Services,
  options: CommandOptions,
  request: { reason: string; only?: readonly string[] },
): Promise<Cleared | undefined> {
  const { ledger, fleet } = services;
  const started = context.clock.now();
  const seconds = () => (context.clock.now() - started) / 1000;
  const found = await findInTheWay(services, request.only);
  if (found && !found.lock) return { run: await undoDead(context, services, options, found.run), seconds: seconds() };
  const lock = found?.lock ?? (request.only === undefined ? await ledger.lockOf(fleet.app) : undefined);
  if (!lock) return undefined;
  const ended = await waitForEnd(context, services, options, lock, request.reason);
  return ended && { run: ended, seconds: seconds() };
}

async function waitForEnd(
  context: CliContext,
  services: Services,
  options: CommandOptions,
  lock: LockRecord,
  reason: string,
): Promise<RunRecord | undefined> {
  const { ledger, fleet, by } = services;
  if (lock.run === undefined) {
    throw new PipelineError(
      'lock.held',
      `${lock.app} is locked by ${lock.owner}@${lock.host}: ${lock.reason ?? lock.command}`,
      {
        outcome: 'locked',
        hint: `it was locked by hand; ask ${lock.owner} to unlock it`,
      },
    );
  }
  const who = `${lock.owner}@${lock.host}'s "${lock.command}" (run ${lock.run})`;
  context.stderr.write(`${who} is asked to undo its work and end\n`);
  await ledger.requestAbort(lock, { by, reason });
  let said = context.clock.now();
  await createPoll(context.clock)({
    what: `${who} to end`,
    read: () => ledger.lockOf(fleet.app),
    until: (now) => now?.fence !== lock.fence,
    progress: () => {
      if (context.clock.now() - said < sayMs) return;
      said = context.clock.now();
      context.stderr.write(`waiting for ${who} to end\n`);
    },
    everyMs: lookMs,
    timeoutMs: patienceMs,
  });
  const run = await ledger.run(lock.run);
  context.stderr.write(`run ${lock.run} has ended: ${run?.outcome ?? 'its process is gone'}\n`);
  // Its process died meanwhile: what it left is in its journal.
  if (run && run.outcome === undefined) return undoDead(context, services, options, run);
  return run;
}
