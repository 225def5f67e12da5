import { PipelineError } from '@golden-pipeline/shared/errors';
import { openContext, type RunScope } from './context.ts';
import { failureFacts } from './outcome.ts';
import type { Plan, Step } from './step.ts';

/** A step in the result. */
export interface StepResult {
  id: string;
  title: string;
  status: 'done' | 'failed' | 'undone' | 'skipped' | 'pending';
  /** How long it ran, without its undo. */
  seconds: number;
}

/** Why the steps stopped. */
export interface Failure {
  error: unknown;
  /** Interrupted by Ctrl-C. A later one, while a failure is being undone, does not change the cause. */
  interrupted: boolean;
}

/** Runs the steps; resolves with the failure that stopped them, if any. */
export async function forward<Services, State>(
  plan: Plan<Services, State>,
  scope: RunScope<Services>,
  results: StepResult[],
): Promise<Failure | undefined> {
  const isDone = ({ id }: Step<Services, State>) => scope.journal.known.steps.get(id) === 'done';
  // What an earlier process has committed stands, whatever was skipped or ended before it.
  const committed = plan.steps.findLastIndex((step) => step.commits && isDone(step));
  for (const [index, step] of plan.steps.entries()) {
    const result = results[index] as StepResult;
    if (scope.signal.aborted || scope.lost.aborted)
      return { error: stopReason(scope), interrupted: scope.signal.aborted };
    if (index < committed && !isDone(step)) continue;
    if (isDone(step)) {
      result.status = 'done';
      scope.emit({ code: 'step.skipped', step: step.id, reason: 'done by an earlier process of this run' });
      continue;
    }
    const error = await runStep(step, scope, result);
    if (error !== undefined) return { error: error.reason, interrupted: error.interrupted };
  }
  return undefined;
}

/** Runs one step; resolves with its failure, if any. */
async function runStep<Services, State>(
  step: Step<Services, State>,
  scope: RunScope<Services>,
  result: StepResult,
): Promise<{ reason: unknown; interrupted: boolean } | undefined> {
  const { clock, emit, journal } = scope;
  const began = clock.now();
  const seconds = () => (clock.now() - began) / 1000;
  const { context, close } = openContext<Services, State>(scope, step.id, 'run');
  try {
    await journal.write({ type: 'step.started', step: step.id });
    emit({ code: 'step.started', step: step.id, title: step.title });
    const reason = await step.skip?.(context);
    if (reason === undefined) await step.run(context);
    await close();
    result.seconds = seconds();
    result.status = reason === undefined ? 'done' : 'skipped';
    if (reason === undefined) {
      await journal.write({ type: 'step.finished', step: step.id });
      emit({ code: 'step.finished', step: step.id, seconds: result.seconds });
    } else {
      await journal.write({ type: 'step.skipped', step: step.id, reason });
      emit({ code: 'step.skipped', step: step.id, reason });
    }
    return undefined;
  } catch (thrown) {
    // Concurrent changes of the step must have finished before they are undone.
    await close();
    const interrupted = scope.signal.aborted;
    const reason = interrupted || scope.lost.aborted ? stopReason(scope) : thrown;
    result.status = 'failed';
    result.seconds = seconds();
    emit({ code: 'step.failed', step: step.id, seconds: result.seconds, error: failureFacts(reason) });
    const { code, message } = failureFacts(reason);
    await journal.write({ type: 'step.failed', step: step.id, error: { code, message } }).catch(() => undefined);
    return { reason, interrupted };
  }
}

function stopReason(scope: RunScope<unknown>): unknown {
  const reason: unknown = scope.lost.aborted ? scope.lost.reason : scope.signal.reason;
  if (reason instanceof PipelineError) return reason;
  return new PipelineError('run.interrupted', 'the run was interrupted', { outcome: 'interrupted', cause: reason });
}
