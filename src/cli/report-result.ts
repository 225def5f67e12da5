import type { RunResult } from '../engine/execute.ts';
import type { Redact } from '../shared/redact.ts';
import type { CommandOptions } from './command.ts';
import { type CliContext, useColor } from './context.ts';
import { errorDocument, renderError } from './views/errors.ts';
import { runDocument, writeJson } from './views/json.ts';
import type { RunFacts } from './views/record.ts';
import { renderSummary } from './views/summary.ts';
import { colorsFor } from './views/text.ts';

/** Tells how a run ended: why it failed on stderr, the summary or the JSON document on stdout. */
export function reportResult(
  context: CliContext,
  options: CommandOptions,
  told: {
    result: RunResult<unknown>;
    facts: RunFacts;
    summary: Record<string, unknown>;
    undo: string | undefined;
    redact: Redact;
  },
): void {
  const { result, summary, undo, redact } = told;
  const facts = { ...told.facts, outcome: result.outcome, left: result.left };
  if (result.error !== undefined) {
    const colors = colorsFor(useColor(context, options, context.stderr));
    context.stderr.write(redact(renderError(result.error, { colors, debug: Boolean(options.debug) })));
  }
  if (options.json) {
    const error = result.error === undefined ? {} : { error: redact(errorDocument(result.error).error) };
    writeJson(context.stdout, {
      ...runDocument(facts, summary),
      ...error,
      ...(undo && result.outcome === 'done' ? { undo } : {}),
    });
  } else {
    const colors = colorsFor(useColor(context, options, context.stdout));
    context.stdout.write(renderSummary({ ...facts, summary }, { colors, undo }));
  }
}
