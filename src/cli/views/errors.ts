import { type Outcome, PipelineError } from '@golden-pipeline/shared/errors';
import { readSystemError } from '../../shared/system-errors.ts';
import { type Colors, printable } from './text.ts';

/** An error as people and scripts get it; the same shape for those meant for people and for defects. */
export interface ShownError {
  code: string;
  message: string;
  hint?: string;
  details: string[];
  outcome: Outcome;
  /** Not meant for a person: a defect of the product. */
  defect: boolean;
}

/** Brings anything that was thrown into one shape. */
export function toShownError(error: unknown): ShownError {
  if (error instanceof PipelineError) {
    const { code, message, hint, details, outcome } = error;
    return { code, message, hint, details, outcome, defect: false };
  }
  const system = readSystemError(error);
  if (system) {
    const { code, message, hint } = system;
    return { code, message, hint, details: [], outcome: 'failed', defect: false };
  }
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return {
    code: 'defect',
    message: 'a defect in pipeline, not in your project',
    details: [message],
    hint: 'run the command again with --debug and report what it prints',
    outcome: 'failed',
    defect: true,
  };
}

/**
 * `error: what happened`, the evidence indented, `hint: what to do next`. The stack only with `debug`, which also shows the
 * causes that an error meant for people carries.
 */
export function renderError(error: unknown, options: { colors: Colors; debug: boolean }): string {
  const { colors, debug } = options;
  const shown = toShownError(error);
  const lines = [`${colors.red(colors.bold('error:'))} ${indent(shown.message, '  ')}`];
  for (const detail of shown.details) lines.push(`  ${indent(detail, '  ')}`);
  if (debug) lines.push(...stack(error).map((line) => `  ${colors.dim(printable(line))}`));
  if (shown.hint && !(shown.defect && debug)) lines.push(`${colors.cyan('hint:')} ${indent(shown.hint, '  ')}`);
  return `${lines.join('\n')}\n`;
}

/** What `--json` prints for an error: the same facts as a document. */
export function errorDocument(error: unknown): Record<string, unknown> {
  const { code, message, hint, details, outcome } = toShownError(error);
  return { outcome, error: { code, message, hint, details } };
}

function indent(text: string, by: string): string {
  return printable(text).trimEnd().replaceAll('\n', `\n${by}`);
}

function stack(error: unknown): string[] {
  const lines: string[] = [];
  for (let cause = error, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth++) {
    if (depth > 0) lines.push(`caused by ${cause.name}: ${cause.message}`);
    lines.push(...(cause.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line)));
  }
  return lines;
}
