import { PipelineError } from '@golden-pipeline/shared/errors';
import { Interrupted, type StopSignal, stopSignals } from '../engine/interrupt.ts';
import type { LockRecord } from '../ledger/types.ts';
import { reportWatch } from './hold-lock.ts';
import type { RunnerContext, RunnerServices } from './ports.ts';

/** How often the lock is read, and how often it is reported who holds it, in milliseconds. */
const pollMs = 2000;
const reportMs = 60_000;

type Waiting = Pick<RunnerContext, 'clock' | 'reporter' | 'signals'>;

/**
 * Does something that takes the lock of an app as soon as the lock is free, and once more when another run was quicker. What it plans is
 * so planned for the fleet as the other run has left it. Every holder is reported, and once a minute that it still holds the lock.
 * @param waitMs How long other runs are waited for, in all.
 * @throws PipelineError `lock.held` when it is still held then, {@link Interrupted} for a signal while it waits
 */
export async function whenLockIsFree<T>(
  context: Waiting,
  services: Pick<RunnerServices, 'ledger' | 'fleet'>,
  waitMs: number,
  attempt: () => Promise<T>,
): Promise<T> {
  const deadline = context.clock.now() + waitMs;
  for (;;) {
    await waitUntilFree(context, services, { deadline, waitMs });
    try {
      return await attempt();
    } catch (error) {
      const held = error instanceof PipelineError && error.code === 'lock.held';
      if (!held || context.clock.now() >= deadline) throw error;
    }
  }
}

async function waitUntilFree(
  context: Waiting,
  { ledger, fleet: { app } }: Pick<RunnerServices, 'ledger' | 'fleet'>,
  { deadline, waitMs }: { deadline: number; waitMs: number },
): Promise<void> {
  const { clock, reporter } = context;
  const began = clock.now();
  const stop = stopOnSignals(context);
  let reported: { fence: number; at: number } | undefined;
  try {
    for (;;) {
      const holder = await Promise.race([ledger.findHolder(app, reportWatch(reporter)), stop.stopped]);
      const now = clock.now();
      if (!holder) {
        if (reported) reporter.report({ code: 'lock.free', app, seconds: (now - began) / 1000 });
        return;
      }
      if (now >= deadline) throw stillHeld(holder, waitMs);
      if (reported?.fence !== holder.fence || now - reported.at >= reportMs) {
        reporter.report({ code: 'lock.awaited', holder, at: now, until: deadline });
        reported = { fence: holder.fence, at: now };
      }
      await Promise.race([clock.sleep(Math.min(pollMs, deadline - now)), stop.stopped]);
    }
  } finally {
    stop.remove();
  }
}

/** The first signal ends the wait: nothing has begun that would have to be undone. */
function stopOnSignals({ signals }: Waiting): { stopped: Promise<never>; remove(): void } {
  let reject: (error: Error) => void = () => undefined;
  const stopped = new Promise<never>((_, rejected) => {
    reject = rejected;
  });
  // Nobody may wait for it at the moment of the signal.
  stopped.catch(() => undefined);
  const listeners = stopSignals.map((name): [StopSignal, () => void] => [
    name,
    () => reject(new Interrupted(name, 'interrupted while it waited for the lock; nothing was changed')),
  ]);
  for (const [name, listener] of listeners) signals.on(name, listener);
  return {
    stopped,
    remove() {
      for (const [name, listener] of listeners) signals.off(name, listener);
    },
  };
}

function stillHeld({ app, environment, owner, host, command, run }: LockRecord, waitMs: number): PipelineError {
  const waited = `${Math.round(waitMs / 1000)} s`;
  const message = `${app} in ${environment} is still locked by ${owner}@${host} for "${command}", after a wait of ${waited}`;
  const follow = run === undefined ? `ask ${owner}` : `pipeline watch ${app} follows that run`;
  return new PipelineError('lock.held', message, {
    outcome: 'locked',
    fix: `${follow}; run the command again when it is over, or wait longer: --wait-for-lock`,
  });
}
