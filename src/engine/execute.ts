import type { Clock } from '@golden-pipeline/shared/clock';
import { messageOf, type Outcome, usageError } from '@golden-pipeline/shared/errors';
import { createRedact, type Redact } from '../shared/redact.ts';
import { completeAll } from './complete.ts';
import type { Connection } from './connection.ts';
import { changesOf, isConflict, openContext, type RunScope } from './context.ts';
import { createEmitter, type Emit } from './emitter.ts';
import type { EventSink, ExpectedTime, NewEvent, RunHeadline } from './events.ts';
import { type Failure, forward, type StepResult } from './forward.ts';
import { type Journal, type JournalStore, openJournal } from './journal-writer.ts';
import { outcomeOf } from './outcome.ts';
import { runSchema } from './schema.ts';
import type { Plan, Step } from './step.ts';
import { type Undone, undoAll } from './undo.ts';

/** How a run ended. */
export interface RunResult<State> {
  outcome: Outcome;
  /** Why it did not end as `done`. */
  error?: unknown;
  /** What has to be undone manually, one line each; empty unless the outcome is `manual-intervention`. */
  leftovers: string[];
  /** Its undo or completion stopped for lack of a connection: its journal stays open, so that another process can continue it. */
  unfinished?: true;
  state: State;
  steps: StepResult[];
  seconds: number;
  /** What failed after its end without changing it, one line each. */
  warnings?: string[];
}

/** What a run needs besides its plan. */
export interface ExecuteOptions<Services, State> {
  services: Services;
  clock: Clock;
  sink: EventSink;
  /** The ledger, or another place for the journal; or the journal, where it is open already. */
  journal: JournalStore | Journal;
  runId: string;
  /** Aborts on the first Ctrl-C. */
  signal: AbortSignal;
  /** The `lost` signal of the lock: once aborted, nothing is changed or undone any more. */
  lost?: AbortSignal;
  /** Rejects when nothing may be changed any more; by default the lock is never lost. */
  confirm?: () => Promise<void>;
  /** Waits for a broken connection. */
  connection?: Connection;
  /** Ends such waits: Ctrl-C, but no request of somebody else; by default `signal`. */
  patience?: AbortSignal;
  /** Removes secrets from everything that is journaled or emitted; by default by keys and usual shapes. */
  redact?: Redact;
  /** What the run is about and how long it is expected to take, for readers. */
  outlook?: { headline?: RunHeadline; expected?: ExpectedTime };
  /** The facts in the event `run.finished`. */
  summary?: (state: State) => Record<string, unknown>;
  /** For the poller's jitter; injected so that tests are exact. */
  random?: () => number;
}

/**
 * Executes a plan: its steps in order and, when one fails or the run is interrupted, the undo of all started steps in
 * reverse. It never rejects for a step's failure: the outcome says how the run ended (see {@link outcomeOf}). With the
 * journal of an earlier process, it continues at the first unfinished step.
 * @throws PipelineError `run.ended` for the journal of a finished run; errors of the journal's store before anything
 * was changed
 */
export async function execute<Services, State>(
  plan: Plan<Services, State>,
  options: ExecuteOptions<Services, State>,
): Promise<RunResult<State>> {
  const { clock, runId } = options;
  const redact = options.redact ?? createRedact();
  const started = clock.now();
  const journal =
    'known' in options.journal ? options.journal : await openJournal(options.journal, runId, clock, redact);
  if (journal.known.outcome) {
    throw usageError('run.ended', `run ${runId} has finished already (${journal.known.outcome})`, 'start a new run');
  }
  const titles = plan.steps.map(({ id, title }) => ({ id, title }));
  const { operation, app, environment } = plan;
  if (!journal.known.run) {
    const state = plan.initial as Record<string, unknown>;
    const facts = { schema: runSchema, run: runId, operation, app, environment, state, steps: titles };
    await journal.write({ type: 'run.started', ...facts, ...options.outlook });
  }
  const { emit, active } = followStep(createEmitter(options.sink, runId, clock, redact));
  const about = { operation, app, environment, steps: titles, ...options.outlook };
  emit({ code: 'run.started', schema: runSchema, ...about });

  const scope: RunScope<Services> = {
    run: { id: runId, operation, app, environment, startedAt: journal.known.run?.startedAt ?? started },
    services: options.services,
    clock,
    emit,
    journal,
    redact,
    signal: options.signal,
    lost: options.lost ?? new AbortController().signal,
    confirm: options.confirm ?? (async () => undefined),
    connection: options.connection,
    random: options.random,
  };
  const results = titles.map(
    // Steps completed by an earlier process count, also where this one only undoes.
    (step): StepResult => ({
      ...step,
      status: journal.known.steps.get(step.id) === 'done' ? 'done' : 'pending',
      seconds: 0,
    }),
  );
  const leave = scope.connection?.attend({
    patience: options.patience ?? scope.signal,
    lost: scope.lost,
    confirm: scope.confirm,
    report: (event) => emit({ ...event, step: active() }),
  });
  const { failure, leftovers, disconnected, outcome } = await conclude(plan, scope, results).finally(() => leave?.());
  const seconds = (clock.now() - started) / 1000;
  const state = journal.known.state as State;
  emit({ code: 'run.finished', outcome, seconds, leftovers, summary: options.summary?.(state) ?? {} });
  return {
    outcome,
    ...(failure ? { error: failure.error } : {}),
    leftovers: redact(leftovers),
    ...(disconnected ? { unfinished: true } : {}),
    state,
    steps: results,
    seconds,
  };
}

/** Runs the steps, undoes them where that is needed, and writes how it ended. */
async function conclude<Services, State>(
  plan: Plan<Services, State>,
  scope: RunScope<Services>,
  results: StepResult[],
): Promise<Undone & { failure?: Failure; outcome: Outcome }> {
  const { journal, emit } = scope;
  const failure = await forward(plan, scope, results);
  const undone: Undone = failure ? await backward(plan, scope, results, failure) : { leftovers: [] };
  const { leftovers } = undone;
  const changed = journal.known.changes.size > 0;
  const outcome = failure ? outcomeOf(failure.error, { leftovers, changed, interrupted: failure.interrupted }) : 'done';
  if (!undone.disconnected) {
    if (outcome !== 'manual-intervention' && !scope.lost.aborted) await endSteps(plan, scope);
    await finish(journal, outcome, leftovers, (message) =>
      emit({ code: 'step.note', step: plan.steps.at(-1)?.id ?? '', message }),
    );
  }
  return { ...undone, failure, outcome };
}

/** Lets the steps remove what they have kept for as long as the run lasted. */
async function endSteps<Services, State>({ steps }: Plan<Services, State>, scope: RunScope<Services>): Promise<void> {
  for (const { id, atEnd } of [...steps].reverse()) {
    if (!atEnd || !changesOf(scope.journal, id).some((change) => !change.undoing)) continue;
    // The first Ctrl-C does not stop it.
    const { context, close } = openContext<Services, State>(scope, id, 'undo');
    await atEnd(context).catch((error: unknown) => context.note(messageOf(error)));
    await close();
  }
}

/** Remembers which step is run or undone, by the events. */
function followStep(emit: Emit): { emit: Emit; active: () => string } {
  let step = '';
  return {
    emit(event: NewEvent) {
      if (event.code === 'step.started' || event.code === 'undo.started') step = event.step;
      emit(event);
    },
    active: () => step,
  };
}

/** Undoes what the run has changed. */
async function backward<Services, State>(
  plan: Plan<Services, State>,
  scope: RunScope<Services>,
  results: StepResult[],
  failure: Failure,
): Promise<Undone> {
  if (scope.lost.aborted || isConflict(failure.error)) {
    const open = plan.steps.filter((step) => changesOf(scope.journal, step.id).length > 0);
    const who = `another process has taken over run ${scope.run.id} or its lock; nothing more was changed from here`;
    return { leftovers: open.length > 0 ? [who, ...open.map((step) => `not undone: ${step.title}`)] : [] };
  }
  const committed = plan.steps.findLastIndex((step, index) => step.commits && results[index]?.status === 'done');
  const isDone = (id: string) => results.some((one) => one.id === id && one.status === 'done');
  const isToComplete = ({ id, complete }: Step<Services, State>, index: number) =>
    committed >= 0 && index > committed && complete !== undefined && !isDone(id);
  const toComplete = plan.steps.filter(isToComplete);
  const incomplete = await completeAll(toComplete, scope);
  if (incomplete.disconnected) return incomplete;
  const open = plan.steps.filter(
    (step, index) =>
      !toComplete.includes(step) && (index > committed || (step.endedBy !== undefined && !isDone(step.endedBy))),
  );
  const { leftovers, disconnected } = await undoAll(open, scope, (id) => {
    const result = results.find((one) => one.id === id);
    // The failed step keeps its status.
    if (result && result.status !== 'failed') result.status = 'undone';
  });
  const undone = { leftovers: [...incomplete.leftovers, ...leftovers], ...(disconnected && { disconnected }) };
  if (committed < 0 || failure.interrupted || undone.disconnected) return undone;
  const failed = plan.steps.find((_, index) => results[index]?.status === 'failed');
  const isUndone = (id: string) => results.some((one) => one.id === id && one.status === 'undone');
  // The undo of an earlier step has done what the failed step should have done.
  const mended = plan.steps.some(({ id, endedBy }) => endedBy === failed?.id && isUndone(id));
  const unfinished = failed && !mended ? failed.title : 'the rest';
  const kept = `the changes up to "${plan.steps[committed]?.title}" are kept; not finished: ${unfinished}`;
  return { leftovers: [...undone.leftovers, kept] };
}

/** Writes the last entry. The outcome does not change when that fails. */
async function finish(
  journal: Journal,
  outcome: Outcome,
  leftovers: string[],
  note: (message: string) => void,
): Promise<void> {
  await journal
    .write({ type: 'run.finished', outcome, leftovers })
    .catch((error: unknown) => note(`the journal cannot be written: ${messageOf(error)}`));
}
