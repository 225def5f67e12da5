import { PipelineError } from '@golden-pipeline/shared/errors';

/** An error of a task may come from another copy of this product, which the pipelines file has loaded. */
export function asOwnError(error: unknown): unknown {
  if (error instanceof PipelineError || !(error instanceof Error) || error.name !== 'PipelineError') return error;
  const { code, fix, details, outcome } = error as PipelineError;
  return new PipelineError(code, error.message, { fix, details: [...details], outcome, cause: error });
}
