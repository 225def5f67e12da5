import { PipelineError } from '@golden-pipeline/shared/errors';
import { execute } from '../engine/execute.ts';
import { Interrupted } from '../engine/interrupt.ts';
import type { Replay } from '../engine/journal.ts';
import { openJournal } from '../engine/journal-writer.ts';
import type { Services } from '../fleet/services.ts';
import { isCurrent } from '../ledger/interrupted-runs.ts';
import type { RunRecord } from '../ledger/types.ts';
import { type AfterEnd, claimed, doAfterEnd, planAfterEnd } from './after-end.ts';
import { createAnnouncer } from './announce.ts';
import { planMissed } from './due-hooks.ts';
import { reportWatch } from './hold-lock.ts';
import { watchUndoInterrupts } from './interrupts.ts';
import type { RunnerMessage } from './messages.ts';
import type { RunnerContext } from './ports.ts';
import { committedFact, errorFacts, versionFacts } from './record-run.ts';
import { reopen } from './reopen-run.ts';
import { planUndo, type UndoPlan } from './undo-plan.ts';

/** A crashed run, once it has been undone. */
export interface RecoveredRun {
  run: RunRecord;
  journal: Replay;
  /** Time, in milliseconds, at which that was done: hooks of its end may have followed. */
  at: number;
}

/**
 * Undoes what an unfinished run has changed, under the lock, and completes its record: one whose process has crashed, or one that required
 * manual intervention. A signal does not stop it, the second
 * one does. What is to be done after its end, such as hooks, is done when the lock is released, or last of all ({@link withHooksLast}).
 * @throws PipelineError as {@link planUndo} does; `lock.held`; {@link Interrupted} once all is undone when a signal came meanwhile
 */
export async function recoverRun(context: RunnerContext, services: Services, run: RunRecord): Promise<RecoveredRun> {
  const due: AfterEnd[] = [];
  try {
    return { ...(await undoRun(context, services, run, due)), at: context.clock.now() };
  } finally {
    for (const afterEnd of due) await doAfterEnd(context, afterEnd);
  }
}

/** @param due Gets what is to be done once the lock is released. */
async function undoRun(
  context: RunnerContext,
  services: Services,
  run: RunRecord,
  due: AfterEnd[],
): Promise<Omit<RecoveredRun, 'at'>> {
  const { clock, redact, reporter } = context;
  const { ledger, fleet } = services;
  const lock = await ledger.lock(fleet.app, {
    command: context.command,
    run: run.id,
    onWatch: reportWatch(reporter),
  });
  const interrupt = watchUndoInterrupts(context, fleet.app);
  try {
    // Read under the lock: another process may have undone it by now.
    const journal = await openJournal(ledger, run.id, clock, redact);
    // Another process may have undone it, or a later run may have made it obsolete, while a question was open.
    const now = (await ledger.run(run.id)) ?? run;
    const isOpen = now.outcome === undefined || now.outcome === 'manual-intervention';
    if (!isOpen || (now.outcome !== undefined && !(await isCurrent(services, now)))) {
      return { run: now, journal: journal.known };
    }
    const undo = await planUndo(context, services, now, journal.known);
    // What it could not do was not to be undone: the rest of a run that has committed its work.
    if (now.outcome !== undefined && undo && !hasOpenChanges(undo.plan, journal.known)) {
      return { run: now, journal: journal.known };
    }
    const known = context.operations.find((one) => one.name === now.operation);
    const record = undo ? await reopen(ledger, now, journal) : now;
    const finish = async (facts: Partial<RunRecord>, afterEnd?: AfterEnd) => {
      // Whoever has the lock by now goes on with the run.
      lock.lost.throwIfAborted();
      const ended = { ...record, ...facts, finishedAt: new Date(clock.now()).toISOString() };
      const waits = context.afterEnds !== undefined;
      if (afterEnd) ended.endHooks = waits ? 'due' : true;
      await ledger.saveRun(ended);
      if (afterEnd) due.push(waits ? claimed(services, run.id, afterEnd) : afterEnd);
      const announcer = createAnnouncer(context, services, known);
      await announcer.end(ended, { undone: now.outcome !== undefined });
      // What the undo was for, e.g. a release, must not begin any more.
      if (interrupt.received) throw new Interrupted(interrupt.received);
      return { run: ended, journal: journal.known };
    };
    // It had finished, and only its record was not written any more; or it had changed nothing.
    if (!undo) {
      const afterEnd = await planMissed(context, services, record, journal.known);
      return await finish({ outcome: journal.known.outcome ?? 'failed' }, afterEnd);
    }
    reporter.report({ code: now.outcome === undefined ? 'run.crashed' : 'run.leftovers', run: now });
    const reason = new PipelineError('run.crashed', `run ${run.id} did not finish`, { outcome: 'interrupted' });
    const { outcome, state, steps, leftovers, unfinished, error } = await execute(undo.plan, {
      services,
      clock,
      sink(event) {
        if (event.code === 'undo.started') reporter.report({ code: 'undo.started', title: event.title });
      },
      journal,
      runId: run.id,
      signal: AbortSignal.abort(reason),
      lost: lock.lost,
      confirm: lock.confirm,
      connection: services.connection,
      patience: interrupt.signal,
      redact,
    });
    for (const leftover of leftovers) reporter.report({ code: 'undo.leftover', leftover });
    for (const message of notUndone(undo, now, journal.known, services)) reporter.report(message);
    if (unfinished) {
      throw new PipelineError('connection.lost', `there was no connection to undo all changes of run ${run.id}`, {
        fix: `once there is one: pipeline abort ${fleet.app}`,
        outcome: 'manual-intervention',
      });
    }
    // Why it failed is kept rather than that it was undone by another process.
    const why = now.error ? { error: now.error } : errorFacts(error, redact);
    const committed = committedFact(undo.plan.steps, (id) => journal.known.steps.get(id) === 'done');
    const ended = { outcome, error: error ?? reason, state, record, committed: committed.committed === true };
    return await finish(
      { outcome, steps, ...committed, ...versionFacts(undo.operation.summary(state, services)), ...why },
      planAfterEnd(context, undo.operation, services, ended),
    );
  } finally {
    interrupt.remove();
    await lock.release();
  }
}

/** Whether a run has changed something that is to be undone, and is not, or has committed what is not complete. */
function hasOpenChanges({ steps }: UndoPlan['plan'], { changes, steps: statuses, incomplete }: Replay): boolean {
  const isDone = (id: string) => statuses.get(id) === 'done';
  const committed = steps.findLastIndex((step) => step.commits && isDone(step.id));
  const changed = new Set([...changes.values()].filter((change) => !change.undoing).map((change) => change.step));
  return steps.some(
    ({ id, undo, complete, endedBy }, index) =>
      (complete !== undefined && committed >= 0 && incomplete.has(id) && !isDone(id)) ||
      (undo !== undefined &&
        changed.has(id) &&
        statuses.get(id) !== 'undone' &&
        (index > committed || (endedBy !== undefined && !isDone(endedBy)))),
  );
}

/** What of a crashed run is not undone: a step that committed its work, and one that has no undo. */
function notUndone(
  { operation, plan: { steps } }: UndoPlan,
  { command }: RunRecord,
  journal: Replay,
  services: Services,
): RunnerMessage[] {
  const changed = new Set([...journal.changes.values()].map((change) => change.step));
  const isDone = (id: string) => journal.steps.get(id) === 'done';
  const kept = steps.findLast((step) => step.commits && isDone(step.id));
  const undoCommand = kept && operation.undoCommand(journal.state, services);
  const forwardOnly = steps.filter(
    (step) => !step.undo && !step.commits && !(kept && step.complete) && changed.has(step.id) && !isDone(step.id),
  );
  return [
    ...(kept
      ? [{ code: 'undo.kept', title: kept.title, ...(undoCommand !== undefined && { undoCommand }) } as const]
      : []),
    ...forwardOnly.map(({ title }) => ({ code: 'undo.unsupported', title, command }) as const),
  ];
}
