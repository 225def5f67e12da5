import { messageOf, type Outcome, PipelineError } from '@golden-pipeline/shared/errors';

/**
 * The outcome of a run that did not complete. Something could not be undone: `manual-intervention`. Interrupted and completely
 * undone: `interrupted`. Nothing changed: that of the error (`usage`, `locked`, `failed` ...). Changed and completely
 * undone: `rolled-back`.
 */
export function outcomeOf(
  error: unknown,
  { leftovers, changed, interrupted }: { leftovers: readonly string[]; changed: boolean; interrupted: boolean },
): Outcome {
  if (leftovers.length > 0) return 'manual-intervention';
  if (interrupted) return 'interrupted';
  if (changed) return 'rolled-back';
  return error instanceof PipelineError && error.outcome !== 'done' ? error.outcome : 'failed';
}

/**
 * An error as events show it. Any other exception than a PipelineError is a defect or an unexpected answer: code
 * `unexpected`.
 */
export function failureFacts(error: unknown): { code: string; message: string; fix?: string; details: string[] } {
  if (error instanceof PipelineError) {
    const { code, message, fix, details } = error;
    return { code, message, ...(fix === undefined ? {} : { fix }), details };
  }
  return { code: 'unexpected', message: messageOf(error), details: [] };
}
