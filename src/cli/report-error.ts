import { redactionOf } from '../config/redaction.ts';
import { exitCodeOf, Interrupted } from '../engine/interrupt.ts';
import { toShownError } from '../shared/shown-error.ts';
import { type CliContext, useColor } from './context.ts';
import { exitCodes } from './exit-codes.ts';
import { errorDocument, renderError } from './views/errors.ts';
import { writeJson } from './views/json.ts';
import { colorsFor } from './views/text.ts';
import { wrapLines, wrapWidth } from './views/wrap.ts';

/**
 * Shows an error that ended a command and gives its exit code. The arguments are looked at directly, because it may be
 * them that could not be read.
 */
export function reportError(context: CliContext, error: unknown): number {
  const has = (flag: string) => context.argv.includes(flag);
  const colors = colorsFor(useColor(context, { color: !has('--no-color') }, context.stderr));
  const redact = context.redact ?? redactionOf({}, context.env);
  // Wrapped at last: a secret must not be in two lines when it is looked for.
  const text = redact(renderError(error, { colors, debug: has('--debug') }));
  context.stderr.write(wrapLines(text, wrapWidth(context.stderr)));
  if (has('--json')) {
    const { error: shown, ...document } = errorDocument(error);
    writeJson(context.stdout, { ...document, error: redact(shown) });
  }
  return error instanceof Interrupted ? exitCodeOf[error.signal] : exitCodes[toShownError(error).outcome];
}
