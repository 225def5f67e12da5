import { messageOf, type Outcome, PipelineError } from '@golden-pipeline/shared/errors';
import { readSystemError } from './system-errors.ts';

/** An error as people and scripts get it; the same shape for those meant for people and for defects. */
export interface ShownError {
  code: string;
  message: string;
  fix?: string;
  details: string[];
  outcome: Outcome;
  /** Not meant for a person: a defect of the product. */
  defect: boolean;
}

/** Brings anything that was thrown into one shape. */
export function toShownError(error: unknown): ShownError {
  if (error instanceof PipelineError) {
    const { code, message, fix, details, outcome } = error;
    return { code, message, fix, details, outcome, defect: false };
  }
  const system = readSystemError(error);
  if (system) {
    const { code, message, fix } = system;
    return { code, message, fix, details: [], outcome: 'failed', defect: false };
  }
  const message = error instanceof Error ? `${error.name}: ${messageOf(error)}` : messageOf(error);
  return {
    code: 'defect',
    message: 'a defect in pipeline, not in your project',
    details: [message],
    fix: 'run the command again with --debug and report what it prints',
    outcome: 'failed',
    defect: true,
  };
}
