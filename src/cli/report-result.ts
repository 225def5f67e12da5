import { exitCodeOf, Interrupted } from '../engine/interrupt.ts';
import type { RunReport } from '../runner/run-operation.ts';
import type { Redact } from '../shared/redact.ts';
import { toShownError } from '../shared/shown-error.ts';
import type { CommandOptions } from './command.ts';
import { type CliContext, useColor } from './context.ts';
import { exitCodes } from './exit-codes.ts';
import { appendGithubSummary } from './github-summary.ts';
import { safeCommandLine } from './redact-words.ts';
import { errorDocument, renderError } from './views/errors.ts';
import { runDocument, writeJson } from './views/json.ts';
import { renderRunMarkdown } from './views/markdown.ts';
import { renderSummary } from './views/summary.ts';
import { colorsFor } from './views/text.ts';
import { wrapLines, wrapWidth } from './views/wrap.ts';

/**
 * Reports how a run ended: why it failed on stderr, the summary or the JSON document on stdout.
 * @returns the exit code
 */
export function reportRun(
  context: CliContext,
  options: CommandOptions,
  redact: Redact,
  { result, facts: seen, summary, undoCommand, committed, received }: RunReport<unknown>,
): number {
  const { outcome, leftovers } = result;
  const facts = { ...seen, outcome, leftovers };
  const undo = inEnvironment(undoCommand, options);
  // That somebody has pressed Ctrl-C is what the summary says.
  const shown = outcome === 'interrupted' && result.error instanceof Interrupted ? undefined : result.error;
  if (shown !== undefined) {
    const colors = colorsFor(useColor(context, options, context.stderr));
    const text = redact(renderError(shown, { colors, debug: Boolean(options.debug) }));
    // Wrapped at last: a secret must not be in two lines when it is looked for.
    context.stderr.write(wrapLines(text, wrapWidth(context.stderr)));
  }
  const again =
    received && outcome === 'interrupted' && !committed ? redact(safeCommandLine(context.argv, redact)) : undefined;
  const how = { undo, again, by: received, committed: committed === true };
  if (options.githubSummary) {
    const error = shown === undefined ? undefined : redact(toShownError(shown));
    appendGithubSummary(context, renderRunMarkdown({ ...facts, summary: redact(summary) }, { ...how, error }));
  }
  if (options.json) {
    const error = result.error === undefined ? {} : { error: redact(errorDocument(result.error).error) };
    writeJson(context.stdout, { ...runDocument(facts, summary), ...error, ...(undo && { undo }) });
  } else {
    const colors = colorsFor(useColor(context, options, context.stdout));
    // The list above it has the steps already, where both are on the same terminal.
    const listed = context.terminal !== undefined && context.stdout.isTTY === true;
    const text = renderSummary({ ...facts, summary }, { ...how, colors, listed });
    // A table does not survive being wrapped.
    context.stdout.write(listed ? wrapLines(text, wrapWidth(context.stdout)) : text);
  }
  return outcome === 'interrupted' ? exitCodeOf[received ?? 'SIGINT'] : exitCodes[outcome];
}

/** A command that means the same environment as this one. */
function inEnvironment(command: string | undefined, { env }: CommandOptions): string | undefined {
  return command && env !== undefined ? `${command} --env ${env}` : command;
}
