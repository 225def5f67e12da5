import { messageOf } from '@golden-pipeline/shared/errors';
import { isConflict } from '../engine/context.ts';
import { type ExecuteOptions, execute, type RunResult } from '../engine/execute.ts';
import { Interrupted } from '../engine/interrupt.ts';
import type { Journal } from '../engine/journal-writer.ts';
import type { Operation } from '../engine/operation.ts';
import { failureFacts } from '../engine/outcome.ts';
import type { Plan } from '../engine/step.ts';
import type { CommitsSince, RunRecord } from '../ledger/types.ts';
import type { Redact } from '../shared/redact.ts';
import { type AfterEnd, planAfterEnd } from './after-end.ts';
import { type Announcement, createAnnouncer } from './announce.ts';
import { readExpectedTime } from './expected-time.ts';
import type { RunnerContext, RunnerServices } from './ports.ts';

/** A run that has ended and is recorded. */
export interface RecordedRun<State> {
  result: RunResult<State>;
  /** What is to be done once the lock is released. */
  afterEnd?: AfterEnd;
}

/** Executes a plan between two writings of the run's record. */
export async function recordRun<Services extends RunnerServices, State>(
  context: RunnerContext,
  {
    operation,
    plan,
    services,
  }: { operation: Operation<Services, State>; plan: Plan<Services, State>; services: Services },
  how: Pick<ExecuteOptions<Services, State>, 'runId' | 'signal' | 'lost' | 'confirm' | 'patience' | 'sink'> & {
    /** Why it began in spite of a hold. */
    emergency?: string | undefined;
    /** The run that is continued: its record and its journal. */
    continued?: { record: RunRecord; journal: Journal };
    /** It is what remains of a run that was announced as done, after a pause. */
    rest?: boolean;
  },
): Promise<RecordedRun<State>> {
  const { clock, redact, reporter, command, host } = context;
  const { ledger, connection, by } = services;
  const { app, environment } = plan;
  const { continued, emergency, rest = false, ...options } = how;
  const record: RunRecord = continued?.record ?? {
    ...{ id: how.runId, operation: operation.name, app, environment, by, host },
    startedAt: new Date(clock.now()).toISOString(),
    command: redact(command),
    ...(emergency !== undefined && { emergency: redact(emergency) }),
    steps: plan.steps.map(({ id, title }) => ({ id, title, status: 'pending', seconds: 0 })),
  };
  const journal = continued?.journal ?? ledger;
  const headline = operation.headline?.(plan.initial, services);
  // A continued run has less to do than those that it would be compared with.
  const expected = continued ? undefined : await readExpectedTime(ledger, { ...plan, operation: operation.name });
  const outlook = { ...(headline && { headline: redact(headline) }), ...(expected && { expected }) };
  if (!continued) await ledger.saveRun(record);
  const summary = (state: State) => operation.summary(state, services);
  const announcer = createAnnouncer(context, services, operation, rest);
  if (!continued) await announcer.start(record, () => redact(versionFacts(summary(plan.initial))));
  /** Whether another process has the run, or its lock, by now: then the end is for whoever goes on with it. */
  const isTaken = (error: unknown): boolean => how.lost?.aborted === true || isConflict(error);
  const isContinued = async () =>
    (await ledger.lockOf(app))?.run === record.id || (await ledger.run(record.id))?.outcome !== undefined;
  const save = async (end: Partial<RunRecord>, why: unknown, announcement?: Announcement): Promise<boolean> => {
    const ended = { ...record, ...end, finishedAt: new Date(clock.now()).toISOString() };
    let saved = false;
    try {
      // What is undone there, or was, has its end from there.
      if (isTaken(why) && (await isContinued())) return false;
      await ledger.saveRun(ended);
      saved = true;
    } catch (error) {
      // The run has finished as it did; its journal has every change.
      reporter.report({ code: 'record.not-saved', run: record.id, reason: messageOf(error) });
    }
    await announcer.end(ended, announcement);
    return saved;
  };
  try {
    const result = await execute(plan, { ...options, services, connection, clock, journal, redact, summary, outlook });
    const { outcome, seconds, steps, state, error } = result;
    // Without an end in its record, others find the run and continue its undo.
    if (result.unfinished) return { result };
    const committed = committedFact(plan.steps, (id) => isDone(steps, id));
    const afterEnd = isTaken(error)
      ? undefined
      : planAfterEnd(context, operation, services, { ...result, record, committed: committed.committed === true });
    const end = {
      outcome,
      seconds,
      steps,
      ...committed,
      ...(afterEnd && { endHooks: true as const }),
      ...redact(versionFacts(summary(state))),
      ...errorFacts(error, redact),
    };
    const announcement = { summary: summary(state), undo: () => operation.undoCommand(state, services) };
    const saved = await save(end, error, announcement);
    // Others find a run that is open in the ledger, and end it.
    return { result, ...(saved && afterEnd && { afterEnd }) };
  } catch (error) {
    // What a continued run has changed before is still there: it stays open.
    if (!continued) await save({ outcome: 'failed', ...errorFacts(error, redact) }, error);
    throw error;
  }
}

const isDone = (steps: RunRecord['steps'], id: string): boolean =>
  steps.some((step) => step.id === id && step.status === 'done');

/** What a record keeps of a run that had committed its work. */
export function committedFact(
  steps: readonly { id: string; commits?: boolean }[],
  done: (id: string) => boolean,
): Pick<RunRecord, 'committed'> {
  return steps.some(({ id, commits }) => commits && done(id)) ? { committed: true } : {};
}

/** What a record keeps of why a run did not complete; nothing for one that did. */
export function errorFacts(error: unknown, redact: Redact): Pick<RunRecord, 'error' | 'signal'> {
  if (error === undefined) return {};
  return { error: redact(failureFacts(error)), ...(error instanceof Interrupted && { signal: error.signal }) };
}

/** The warnings of a run's steps, and of what was done after its end. */
export function withWarnings(summary: Record<string, unknown>, later: string[] = []): Record<string, unknown> {
  const { warnings } = summary;
  const all = [...(Array.isArray(warnings) ? (warnings as string[]) : []), ...later];
  return all.length > 0 ? { ...summary, warnings: all } : summary;
}

/** What a record keeps of an operation's summary. */
export function versionFacts({
  version,
  previous,
  commit,
  projectCommit,
  since,
  warnings,
}: Record<string, unknown>): Pick<
  RunRecord,
  'version' | 'previous' | 'commit' | 'projectCommit' | 'since' | 'warnings'
> {
  const all = Object.entries({ version, previous, commit, projectCommit });
  return {
    ...Object.fromEntries(all.filter((entry): entry is [string, string] => typeof entry[1] === 'string')),
    // Of a release only, and then as the record has it.
    ...(typeof since === 'object' && since !== null && { since: since as CommitsSince }),
    ...(Array.isArray(warnings) && warnings.length > 0 && { warnings: warnings as string[] }),
  };
}
