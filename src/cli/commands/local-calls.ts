import { usageError } from '@golden-pipeline/shared/errors';
import { show } from '@golden-pipeline/shared/text';
import type { CommandModule, CommandOptions } from '../command.ts';
import { useColor } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { openControl } from '../local-control.ts';
import { durationOf, numberOf, textOf } from '../values.ts';
import { renderCalls, renderTotals } from '../views/calls.ts';
import { writeJson } from '../views/json.ts';
import { colorsFor } from '../views/text.ts';

/** `pipeline local calls`: who called what, when, and what was answered. */
export const run: CommandModule['run'] = async (context, _args, options) => {
  const query = {
    operation: textOf(options, 'operation'),
    service: textOf(options, 'service'),
    code: textOf(options, 'code'),
    since: since(options, context.clock.now()),
    limit: limit(options),
  };
  const report = await openControl(context, options).calls(query);
  if (options.json) writeJson(context.stdout, report);
  else {
    const colors = colorsFor(useColor(context, options, context.stdout));
    context.stdout.write(options.totals ? renderTotals(report, colors) : renderCalls(report, colors));
  }
  return exitCodes.done;
};

/** A time, or how long ago. */
function since(options: CommandOptions, now: number): number | undefined {
  const given = textOf(options, 'since');
  if (given === undefined) return undefined;
  if (/^\d+(\.\d+)?(ms|s|m|h|d)$/.test(given)) return Math.round(now - (durationOf(options, 'since') ?? 0));
  const at = /^\d{4}-\d\d-\d\d/.test(given) ? Date.parse(given) : Number.NaN;
  if (!Number.isNaN(at)) return at;
  const hint = 'how long ago, e.g. 5m, or a time, e.g. 2026-05-04T12:00:00Z';
  throw usageError('usage.since', `--since ${show(given)} is no time`, hint);
}

function limit(options: CommandOptions): number {
  const given = numberOf(options, 'limit') ?? 50;
  if (Number.isInteger(given) && given > 0) return given;
  throw usageError('usage.limit', `--limit ${show(given)} is not a whole number above 0`, '--limit 50');
}
