/** How a command ended; see `exitCodes` for the process's exit code of each. */
export type Outcome =
  | 'done'
  | 'failed'
  | 'usage'
  | 'rolled-back'
  | 'manual-intervention'
  | 'locked'
  | 'declined'
  | 'interrupted';

/**
 * An error meant for a person: what happened, with the wrong value in it; why; what to do next.
 * Anything else that is thrown is a defect of the product and is shown as one.
 */
export class PipelineError extends Error {
  /** What to do next, a sentence or a command. */
  readonly fix?: string;
  /** Stable code for scripts, e.g. `config.unknown-app`. */
  readonly code: string;
  /** The outcome when nothing had been changed; the engine decides once something has. */
  readonly outcome: Outcome;
  /** Further lines of evidence, e.g. the failed task's own output. */
  readonly details: string[];

  constructor(
    code: string,
    message: string,
    options: { fix?: string; outcome?: Outcome; details?: string[]; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'PipelineError';
    this.code = code;
    this.fix = options.fix;
    this.outcome = options.outcome ?? 'failed';
    this.details = options.details ?? [];
  }
}

/** Wrong flags, configuration, environment or values: exit code 2, nothing changed. */
export function usageError(code: string, message: string, fix?: string, details?: string[]): PipelineError {
  return new PipelineError(code, message, { fix, details, outcome: 'usage' });
}

/** What was thrown, in words. Anything may be thrown, also what cannot be read or made a text of. */
export function messageOf(error: unknown): string {
  try {
    return String(error instanceof Error ? error.message : error);
  } catch {
    return 'an error that cannot be shown';
  }
}
