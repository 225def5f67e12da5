import { messageOf, type Outcome, PipelineError } from '@golden-pipeline/shared/errors';

/**
 * How a run that did not get to its end has ended. Something left over: `needs-person`. Interrupted and all put back: `interrupted`.
 * Nothing changed: as the error says (`usage`, `locked`, `failed` ...). Changed and all put back: `rolled-back`.
 */
export function outcomeOf(
  error: unknown,
  { left, changed, interrupted }: { left: readonly string[]; changed: boolean; interrupted: boolean },
): Outcome {
  if (left.length > 0) return 'needs-person';
  if (interrupted) return 'interrupted';
  if (changed) return 'rolled-back';
  return error instanceof PipelineError && error.outcome !== 'done' ? error.outcome : 'failed';
}

/** An error as events show it. What is no PipelineError is a defect or an answer that nobody expected: code `unexpected`. */
export function failureFacts(error: unknown): { code: string; message: string; hint?: string; details: string[] } {
  if (error instanceof PipelineError) {
    const { code, message, hint, details } = error;
    return { code, message, ...(hint === undefined ? {} : { hint }), details };
  }
  return { code: 'unexpected', message: messageOf(error), details: [] };
}
