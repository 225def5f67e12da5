import { exitCodeOf, Interrupted } from '../engine/interrupt.ts';
import { toShownError } from '../shared/shown-error.ts';
import { type CliContext, useColor } from './context.ts';
import { exitCodes } from './exit-codes.ts';
import { errorDocument, renderError } from './views/errors.ts';
import { writeJson } from './views/json.ts';
import { colorsFor } from './views/text.ts';
import { wrapWidth } from './views/wrap.ts';

/**
 * Shows an error that ended a command and gives its exit code. The arguments are looked at directly, because it may be
 * them that could not be read.
 */
export function reportError(context: CliContext, error: unknown): number {
  const has = (flag: string) => context.argv.includes(flag);
  const colors = colorsFor(useColor(context, { color: !has('--no-color') }, context.stderr));
  context.stderr.write(renderError(error, { colors, debug: has('--debug'), width: wrapWidth(context.stderr) }));
  if (has('--json')) writeJson(context.stdout, errorDocument(error));
  return error instanceof Interrupted ? exitCodeOf[error.signal] : exitCodes[toShownError(error).outcome];
}
