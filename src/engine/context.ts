import type { Clock } from '@golden-pipeline/shared/clock';
import { messageOf, PipelineError } from '@golden-pipeline/shared/errors';
import type { Redact } from '../shared/redact.ts';
import type { Connection } from './connection.ts';
import type { Emit } from './emitter.ts';
import { idempotencyToken, isEnded, type NewEntry } from './journal.ts';
import type { Journal } from './journal-writer.ts';
import { createPoll } from './poll.ts';
import type { ChangeIntent, JournaledChange, RunContext } from './step.ts';

/** State that all steps of a run share. */
export interface RunScope<Services> {
  run: { id: string; operation: string; app: string; environment: string; startedAt: number };
  services: Services;
  clock: Clock;
  emit: Emit;
  journal: Journal;
  redact: Redact;
  /** Aborts on the first Ctrl-C. */
  signal: AbortSignal;
  /** Aborts when another run has taken the lock: from then on nothing may be changed, not even to undo. */
  lost: AbortSignal;
  /** Rejects when nothing may be changed any more; renews a lease that has ended, if nobody took the lock. */
  confirm: () => Promise<void>;
  connection?: Connection;
  random?: () => number;
}

/** A step's context and the engine's handles on it. */
export interface OpenContext<Services, State> {
  context: RunContext<Services, State>;
  /** Closes the context for changes; resolves when the active ones have finished. */
  close(): Promise<void>;
}

/** What a context is for: the step itself, its undo, or what an interrupted run still has to complete. */
export type Purpose = 'run' | 'undo' | 'complete';

/** Opens the context of one step. */
export function openContext<Services, State>(
  scope: RunScope<Services>,
  step: string,
  purpose: Purpose,
): OpenContext<Services, State> {
  const { journal, emit, clock } = scope;
  const undoing = purpose === 'undo';
  // The first Ctrl-C starts the undo, so it must not stop the undo as well.
  const signal = purpose === 'run' ? AbortSignal.any([scope.signal, scope.lost]) : scope.lost;
  const pending = new Map<Promise<unknown>, string>();
  let open = true;

  const record = async (entry: NewEntry): Promise<number | undefined> => {
    try {
      return await journal.write(entry);
    } catch (error) {
      if (!undoing || isConflict(error)) throw error;
      // A full disk must not prevent the undo: the events still report what is done.
      emit({ code: 'step.note', step, message: `the journal cannot be written: ${messageOf(error)}` });
      return undefined;
    }
  };

  // The first token that no equal successful change of this run has used: a repetition of a change that failed, or has
  // an unknown result, must be the same request for the cloud.
  const freeToken = ({ action, target }: ChangeIntent): string => {
    const made = changesOf(journal, step).filter((one) => isEnded(one) && one.error === undefined);
    const used = new Set([...made.map((one) => one.token), ...pending.values()]);
    for (let ordinal = 0; ; ordinal++) {
      const token = idempotencyToken(scope.run.id, step, action, target, ordinal);
      if (!used.has(token)) return token;
    }
  };

  const change = async <T>(intent: ChangeIntent, apply: (token: string) => Promise<T>): Promise<T> => {
    if (!open) throw new Error(`step ${step} has ended and may not ${intent.action} ${intent.target}`);
    await scope.confirm();
    signal.throwIfAborted();
    const { action, target, data = {} } = intent;
    const token = freeToken(intent);
    const made = perform({ step, action, target, token, data, undoing }, apply);
    pending.set(made, token);
    return made.finally(() => pending.delete(made));
  };

  const perform = async <T>(made: JournaledChange, apply: (token: string) => Promise<T>): Promise<T> => {
    const { action, target, token } = made;
    const sequence = await record({ type: 'change.intent', ...made });
    emit({ code: 'change.intent', step, action, target, token });
    const ended = async (outcome: { ok: true; result?: unknown } | { ok: false; error: string }) => {
      emit({ code: 'change.outcome', step, action, target, token, ok: outcome.ok });
      if (sequence !== undefined) await record({ type: 'change.outcome', intent: sequence, ...outcome });
    };
    let result: T;
    try {
      // The ledger may have been out of reach for a while.
      await scope.confirm();
      result = await apply(token);
    } catch (error) {
      // The error of the change matters more than the failure to journal it.
      await ended({ ok: false, error: messageOf(error) }).catch(() => undefined);
      throw error;
    }
    await ended({ ok: true, result });
    return result;
  };

  const context: RunContext<Services, State> = {
    run: scope.run,
    services: scope.services,
    ...(purpose === 'complete' && { completing: true }),
    get state() {
      return journal.known.state as State;
    },
    clock,
    poll: createPoll(clock, signal, scope.random, () => scope.connection?.outageMs ?? 0),
    signal,
    async save(facts) {
      const cleared = Object.keys(facts).filter((key) => facts[key as keyof State] === undefined);
      await record({
        type: 'state.saved',
        step,
        facts: facts as Record<string, unknown>,
        ...(cleared.length > 0 ? { cleared } : {}),
      });
    },
    progress: (message, amount) => emit({ code: 'step.progress', step, message, ...amount }),
    async window(message, seconds) {
      const endsAt = clock.now() + seconds * 1000;
      emit({ code: 'step.progress', step, message, endsAt });
      await record({ type: 'state.saved', step, facts: {}, window: { message, endsAt } });
    },
    note: (message) => emit({ code: 'step.note', step, message }),
    evidence: (report) => emit({ code: 'step.evidence', step, ...report }),
    redact: scope.redact,
    output: (line) => emit({ code: 'step.output', step, line }),
    change,
    changes: () => changesOf(journal, step),
    changesOfRun: () => [...journal.known.changes.values()],
  };
  return {
    context,
    async close() {
      open = false;
      await Promise.allSettled([...pending.keys()]);
    },
  };
}

/** The changes of a step in the journal, oldest first. */
export function changesOf(journal: Journal, step: string): JournaledChange[] {
  return [...journal.known.changes.values()].filter((change) => change.step === step);
}

/** Another process writes this run's journal: this process has lost the run. */
export function isConflict(error: unknown): boolean {
  return error instanceof PipelineError && (error.code === 'journal.conflict' || error.code === 'lock.lost');
}
