import { messageOf } from '@golden-pipeline/shared/errors';
import { createEmitter, type Emit } from '../engine/emitter.ts';
import type { EventSink } from '../engine/events.ts';
import { createRunId } from '../engine/run-id.ts';
import type { HeldLock, LockRecord } from '../ledger/types.ts';
import { runningStep } from './interrupts.ts';
import type { Reporter, RunnerContext, RunnerServices } from './ports.ts';
import type { RunFacts } from './run-facts.ts';
import { waitForLock } from './segments.ts';

/**
 * Holds the lock of an app for the length of a run, and reports who else wants the run to end.
 * @param options.patient Waits for the lock as long as another run holds it.
 * @param options.run The run that is continued; without it a new one begins.
 * @throws PipelineError `lock.held` unless it is patient
 */
export async function holdLock<T>(
  context: RunnerContext,
  { ledger, fleet: { app, environment } }: RunnerServices,
  { sink, facts, patient, run }: { sink: EventSink; facts: RunFacts; patient: boolean; run?: string },
  work: (held: { runId: string; lock: HeldLock }) => Promise<T>,
): Promise<T> {
  const { clock, command, reporter } = context;
  const take = async () => {
    const runId = run ?? createRunId(clock);
    return { runId, lock: await ledger.lock(app, { command, run: runId, onWatch: reportWatch(reporter) }) };
  };
  const held = patient ? await waitForLock(context, take) : await take();
  const { lock } = held;
  const emit = createEmitter(sink, held.runId, clock);
  reportTakeover(context, held);
  try {
    emit({ code: 'lock.acquired', app, environment });
    lock.abortRequested.addEventListener('abort', () =>
      reporter.report({
        code: 'run.abort-requested',
        reason: messageOf(lock.abortRequested.reason),
        at: clock.now(),
        ...runningStep(facts),
      }),
    );
    return await work(held);
  } finally {
    await release(context, lock, emit);
  }
}

/** Reports how long a lock is watched whose holder may be gone. */
export function reportWatch(reporter: Reporter): (holder: LockRecord, ms: number) => void {
  return (holder, ms) => reporter.report({ code: 'lock.watching', holder, seconds: Math.ceil(ms / 1000) });
}

/** What a crashed run had begun (consumers that stand still, say) is not this run's to undo, and must not be forgotten. */
function reportTakeover(
  { reporter }: RunnerContext,
  { runId, lock: { takenOver } }: { runId: string; lock: HeldLock },
): void {
  if (takenOver?.from.run === undefined || takenOver.from.run === runId) return;
  const { app, run, command } = takenOver.from;
  reporter.report({ code: 'lock.taken-over', app, run, command });
}

async function release({ reporter }: RunnerContext, lock: HeldLock, emit: Emit): Promise<void> {
  const { app, environment, expires } = lock.record;
  try {
    await lock.release();
    emit({ code: 'lock.released', app, environment });
  } catch (error) {
    reporter.report({ code: 'lock.not-released', app, reason: messageOf(error), expires });
  }
}
