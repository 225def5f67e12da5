import { messageOf } from '@golden-pipeline/shared/errors';
import type { RunResult } from '../engine/execute.ts';
import { installInterrupt } from '../engine/interrupt.ts';
import type { EndedRun, Operation } from '../engine/operation.ts';
import type { RunRecord } from '../ledger/types.ts';
import type { RunnerContext, RunnerServices } from './ports.ts';

/** What an operation does after a run has ended. Resolves with warnings without secrets, a line each, which are in the record then. */
export type AfterEnd = () => Promise<string[]>;

/**
 * What is still to be done after the end of a run; undefined where there is nothing, or another process has begun it. It is for after the
 * lock: whoever ended the run waits for the lock. The record must have `endHooks` before it begins, so that nobody else does it.
 */
export function planAfterEnd<Services extends RunnerServices, State>(
  context: Pick<RunnerContext, 'clock' | 'reporter' | 'redact' | 'signals' | 'exit'>,
  operation: Operation<Services, State>,
  services: Services,
  {
    record,
    committed,
    outcome,
    error,
    state,
  }: Pick<RunResult<State>, 'outcome' | 'error' | 'state'> & { record: RunRecord; committed: boolean },
): AfterEnd | undefined {
  const work = record.endHooks === true ? undefined : operation.afterEnd?.({ outcome, committed }, state, services);
  const why = error === undefined ? {} : { error: context.redact(messageOf(error)) };
  return work && afterEndOf(context, services, { operation: operation.name, run: record.id, ...why }, work);
}

/**
 * What is due after the end of a run, by the process that is the first to begin it: as long as none has, the record says that it is due. One
 * that cannot record that does not begin it.
 */
export function claimed(services: Pick<RunnerServices, 'ledger'>, run: string, afterEnd: AfterEnd): AfterEnd {
  return async () => {
    try {
      const begun = await services.ledger.updateRun(run, (now) =>
        now.outcome !== undefined && now.endHooks === 'due' ? { ...now, endHooks: true } : undefined,
      );
      return begun ? await afterEnd() : [];
    } catch (error) {
      return [`the hooks of the end of run ${run} are not run, and due: ${messageOf(error)}`];
    }
  };
}

/** Work after the end of a run, done once the lock is released, with its warnings in the record of the run. */
export function afterEndOf(
  context: Pick<RunnerContext, 'clock' | 'reporter' | 'redact' | 'signals' | 'exit'>,
  services: Pick<RunnerServices, 'ledger'>,
  ended: Omit<EndedRun, keyof Given>,
  work: (ended: EndedRun) => Promise<string[]>,
): AfterEnd {
  return async () => {
    const warnings = await runAfterEnd(context, (given) => work({ ...ended, ...given }));
    if (warnings.length > 0) await addWarnings(context, services, ended.run, warnings);
    return warnings;
  };
}

/** What {@link runAfterEnd} gives to the work. */
type Given = Pick<RunnerContext, 'clock'> & { signal: AbortSignal; report(line: string): void };

/** Does what comes after an end. The first signal stops it, whatever signals have ended the run before. @returns warnings without secrets */
async function runAfterEnd(
  { clock, reporter, redact, signals, exit }: Pick<RunnerContext, 'clock' | 'reporter' | 'redact' | 'signals' | 'exit'>,
  work: (given: Given) => Promise<string[]>,
): Promise<string[]> {
  const report = (line: string) => reporter.report({ code: 'run.after-end', line: redact(line) });
  const interrupt = installInterrupt({ source: signals, onSecond: () => undefined, exit });
  try {
    return redact(await work({ clock, signal: interrupt.signal, report }));
  } catch (problem) {
    return redact([messageOf(problem)]);
  } finally {
    interrupt.remove();
  }
}

/** Adds warnings to the record of a run that has ended; one that was continued by others meanwhile is theirs. */
async function addWarnings(
  { reporter }: Pick<RunnerContext, 'reporter'>,
  { ledger }: Pick<RunnerServices, 'ledger'>,
  run: string,
  warnings: string[],
): Promise<void> {
  try {
    await ledger.updateRun(run, (now) =>
      now.outcome === undefined ? undefined : { ...now, warnings: [...(now.warnings ?? []), ...warnings] },
    );
  } catch (error) {
    reporter.report({ code: 'record.not-saved', run, reason: messageOf(error) });
  }
}

/**
 * Does something urgent, with the report of it, and then what is due after the ends of the runs that were undone for it. An error is reported
 * before, too, as it is shown in full only after that.
 */
export async function withHooksLast<T>(
  context: RunnerContext,
  work: (context: RunnerContext) => Promise<T>,
): Promise<T> {
  if (context.afterEnds) return work(context);
  const afterEnds: AfterEnd[] = [];
  try {
    return await work({ ...context, afterEnds });
  } catch (error) {
    const { reporter, redact } = context;
    if (afterEnds.length > 0) reporter.report({ code: 'run.after-end', line: `error: ${redact(messageOf(error))}` });
    throw error;
  } finally {
    for (const afterEnd of afterEnds) await reportWarnings(context, afterEnd);
  }
}

/** Does what is due after the end of a run that was undone: now, or last of all where something else comes first. */
export async function doAfterEnd(context: RunnerContext, afterEnd: AfterEnd): Promise<void> {
  if (context.afterEnds) context.afterEnds.push(afterEnd);
  else await reportWarnings(context, afterEnd);
}

/** Nothing else shows them: the summary is that of another run. */
async function reportWarnings({ reporter }: Pick<RunnerContext, 'reporter'>, afterEnd: AfterEnd): Promise<void> {
  for (const warning of await afterEnd()) reporter.report({ code: 'run.after-end', line: `warning: ${warning}` });
}
