import { messageOf } from '@golden-pipeline/shared/errors';
import type { RunResult } from '../engine/execute.ts';
import type { Operation } from '../engine/operation.ts';
import type { RunnerContext } from './ports.ts';

/**
 * Has the operation of a run that has ended react to that. A signal that has interrupted the run does not stop it.
 * @returns warnings without secrets, a line each
 */
export async function afterEnd<Services, State>(
  { clock, reporter, redact }: Pick<RunnerContext, 'clock' | 'reporter' | 'redact'>,
  operation: Operation<Services, State>,
  services: Services,
  {
    run,
    signal,
    outcome,
    error,
    state,
  }: Pick<RunResult<State>, 'outcome' | 'error' | 'state'> & { run: string; signal?: AbortSignal | undefined },
): Promise<string[]> {
  const report = (line: string) => reporter.report({ code: 'run.after-end', line: redact(line) });
  const stop = signal && !signal.aborted ? signal : new AbortController().signal;
  const why = error === undefined ? {} : { error: redact(messageOf(error)) };
  const ended = { operation: operation.name, run, outcome, ...why, clock, signal: stop, report };
  try {
    return redact((await operation.afterEnd?.(ended, state, services)) ?? []);
  } catch (problem) {
    return redact([messageOf(problem)]);
  }
}
