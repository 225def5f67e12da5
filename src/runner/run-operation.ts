import type { RunResult } from '../engine/execute.ts';
import type { StopSignal } from '../engine/interrupt.ts';
import type { Operation } from '../engine/operation.ts';
import type { Plan } from '../engine/step.ts';
import type { AfterEnd } from './after-end.ts';
import type { Continuation } from './continuation.ts';
import { holdLock } from './hold-lock.ts';
import { checkHolds } from './holds.ts';
import { watchInterrupts } from './interrupts.ts';
import type { RunEvents, RunnerContext, RunnerServices } from './ports.ts';
import { committedFact, recordRun, withWarnings } from './record-run.ts';
import { reopenRun } from './reopen-run.ts';
import { type RunFacts, readFacts } from './run-facts.ts';
import { mergeResults, pauseUntil, segmentsOf, toResult } from './segments.ts';

/** An operation, planned and ready to run. */
export interface PlannedRun<Services extends RunnerServices, State> {
  operation: Operation<Services, State>;
  services: NoInfer<Services>;
  plan: Plan<Services, State>;
  /** The question before an AWS account is changed, with its question mark; without it consent was given before. */
  question?: string;
  /** Why it may begin in spite of a hold. */
  emergency?: string;
  /** The run that it continues; without it a new one begins. */
  continues?: Pick<Continuation, 'run' | 'journal' | 'check'>;
}

/** How a run went. */
export interface RunReport<State> {
  result: RunResult<State>;
  /** What its events told. */
  facts: RunFacts;
  /** What the operation says of it. */
  summary: Record<string, unknown>;
  /** The command that undoes it; undefined unless it was done. */
  undoCommand?: string;
  /** It had committed its work when it ended: what it brought stays, whatever the outcome. */
  committed?: true;
  /** The signal that interrupted it. */
  received?: StopSignal;
}

/**
 * Runs a planned operation, the same way for all: asks where an AWS account would be changed, holds the lock, keeps the run's record,
 * passes its events on and handles signals. A plan with a step that pauses is run in segments, and the lock is free between them.
 * The lock is released and the readers of events are closed however it ends.
 * @throws PipelineError when the run could not begin: nobody to ask, declined, lock held, on hold, ledger or events not writable
 */
export async function runOperation<Services extends RunnerServices, State>(
  context: RunnerContext,
  run: PlannedRun<Services, State>,
): Promise<RunReport<State>> {
  const { operation, plan, services, question, emergency, continues } = run;
  const { fleet } = services;
  if (fleet.cloud === 'aws' && question !== undefined) await context.prompter.confirm(question);
  const events = await context.reporter.openEvents();
  const { facts, on } = readFacts();
  const sink: RunEvents['emit'] = (event) => {
    on(event);
    events.emit(event);
  };
  const interrupt = watchInterrupts(context, facts, fleet.app);
  const afterEnds: AfterEnd[] = [];
  const segment = async (part: Plan<Services, State>, signal: AbortSignal, begins: boolean) => {
    const { result, afterEnd } = await holdLock(
      context,
      services,
      { sink, facts, patient: !begins, run: continues?.run.id },
      async ({ runId, lock }) => {
        // What began before a hold finishes.
        const passed = begins && !continues && (await checkHolds(context, services, operation, emergency));
        await continues?.check();
        return recordRun(
          context,
          { operation, plan: part, services },
          {
            ...{ runId, lost: lock.lost, confirm: lock.confirm, sink },
            signal: AbortSignal.any([signal, lock.abortRequested]),
            patience: interrupt.signal,
            rest: !begins,
            ...(passed && { emergency }),
            ...(continues && { continued: await reopenRun(context, services, continues.run, continues.journal) }),
          },
        );
      },
    );
    if (afterEnd) afterEnds.push(afterEnd);
    return result;
  };
  try {
    const [first, ...later] = segmentsOf(plan);
    let result = await segment(first.plan, interrupt.signal, true);
    for (const next of later) {
      if (result.outcome !== 'done') break;
      await pauseUntil(context.clock, next.startsAt(result.state), interrupt.signal);
      // A signal only ends the pause: the next segment is what undoes the one before.
      const part = { ...next.plan, initial: result.state };
      const ended = segment(part, new AbortController().signal, false);
      result = mergeResults(result, await toResult(ended, part), interrupt.signal);
    }
    // Their own handlers stop them.
    interrupt.remove();
    const warnings: string[] = [];
    for (const afterEnd of afterEnds) warnings.push(...(await afterEnd()));
    if (warnings.length > 0) result = { ...result, warnings };
    const done = result.outcome === 'done';
    const undoCommand = done ? operation.undoCommand(result.state, services) : undefined;
    return {
      result,
      facts,
      summary: withWarnings(operation.summary(result.state, services), result.warnings),
      ...(undoCommand !== undefined && { undoCommand }),
      ...committedFact(plan.steps, (id) => result.steps.some((step) => step.id === id && step.status === 'done')),
      ...(interrupt.received && { received: interrupt.received }),
    };
  } finally {
    interrupt.remove();
    await events.close();
  }
}
