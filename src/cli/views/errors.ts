import { toShownError } from '../../shared/shown-error.ts';
import { type Colors, oneLine, printable } from './text.ts';
import { wrapLines } from './wrap.ts';

/**
 * `error: what happened`, the evidence indented, `fix: what to do next`. The stack only with `debug`, which also shows the
 * causes that an error meant for people carries.
 * @param options.width Columns that lines are wrapped to at their words.
 */
export function renderError(
  error: unknown,
  options: { colors: Colors; debug: boolean; width?: number | undefined },
): string {
  const { colors, debug, width } = options;
  const shown = toShownError(error);
  const lines = [`${colors.red(colors.bold('error:'))} ${indent(shown.message, '  ')}`];
  for (const detail of shown.details) lines.push(`  ${indent(detail, '  ')}`);
  if (debug) lines.push(...stack(error).map((line) => `  ${colors.dim(printable(line))}`));
  if (shown.fix && !(shown.defect && debug)) lines.push(`${colors.cyan('fix:')} ${indent(shown.fix, '  ')}`);
  return `${wrapLines(lines.join('\n'), width)}\n`;
}

/** What `--json` prints for an error: the same facts as a document. */
export function errorDocument(error: unknown): Record<string, unknown> {
  const { code, message, fix, details, outcome } = toShownError(error);
  return { outcome, error: { code, message, fix, details } };
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

/** One fleet of several that could not be read: `api in staging  cannot be read: what happened`, and the fix. */
export function renderUnreachable(
  { app, environment }: { app: string; environment: string },
  error: unknown,
  colors: Colors,
): string {
  const { message, fix } = toShownError(error);
  const lines = [`${colors.bold(`${app} in ${environment}`)}  ${colors.red('cannot be read')}: ${oneLine(message)}`];
  if (fix) lines.push(`${colors.cyan('fix:')} ${oneLine(fix)}`);
  return `${lines.join('\n')}\n`;
}
