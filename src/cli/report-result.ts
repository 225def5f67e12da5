import { exitCodeOf } from '../engine/interrupt.ts';
import type { RunReport } from '../runner/run-operation.ts';
import type { Redact } from '../shared/redact.ts';
import type { CommandOptions } from './command.ts';
import { type CliContext, useColor } from './context.ts';
import { exitCodes } from './exit-codes.ts';
import { errorDocument, renderError } from './views/errors.ts';
import { runDocument, writeJson } from './views/json.ts';
import { renderSummary } from './views/summary.ts';
import { colorsFor } from './views/text.ts';

/**
 * Reports how a run ended: why it failed on stderr, the summary or the JSON document on stdout.
 * @returns the exit code
 */
export function reportRun(
  context: CliContext,
  options: CommandOptions,
  redact: Redact,
  { result, facts: seen, summary, undoCommand, received = 'SIGINT' }: RunReport<unknown>,
): number {
  const { outcome, leftovers } = result;
  const facts = { ...seen, outcome, leftovers };
  const undo = inEnvironment(undoCommand, options);
  if (result.error !== undefined) {
    const colors = colorsFor(useColor(context, options, context.stderr));
    context.stderr.write(redact(renderError(result.error, { colors, debug: Boolean(options.debug) })));
  }
  if (options.json) {
    const error = result.error === undefined ? {} : { error: redact(errorDocument(result.error).error) };
    writeJson(context.stdout, { ...runDocument(facts, summary), ...error, ...(undo && { undo }) });
  } else {
    const colors = colorsFor(useColor(context, options, context.stdout));
    context.stdout.write(renderSummary({ ...facts, summary }, { colors, undo }));
  }
  return outcome === 'interrupted' ? exitCodeOf[received] : exitCodes[outcome];
}

/** A command that means the same environment as this one. */
function inEnvironment(command: string | undefined, { env }: CommandOptions): string | undefined {
  return command && env !== undefined ? `${command} --env ${env}` : command;
}
