import { usageError } from '@golden-pipeline/shared/errors';
import { show } from '@golden-pipeline/shared/text';
import type { CommandModule } from '../command.ts';
import { useColor } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { openControl } from '../local-control.ts';
import { duration, flag, parsed, parseOptions, positive, text } from '../options.ts';
import { renderCalls, renderTotals } from '../views/calls.ts';
import { writeJson } from '../views/json.ts';
import { colorsFor } from '../views/text.ts';

/** `pipeline local calls`: who called what, when, and what was answered. */
export const run: CommandModule['run'] = async (context, _args, options) => {
  const { totals, ...query } = parseOptions(options, {
    operation: text,
    service: text,
    code: text,
    since: parsed((given, name) => since(given, name, context.clock.now())),
    limit: positive(50),
    totals: flag,
  });
  const report = await openControl(context, options).calls(query);
  if (options.json) writeJson(context.stdout, report);
  else {
    const colors = colorsFor(useColor(context, options, context.stdout));
    context.stdout.write(totals ? renderTotals(report, colors) : renderCalls(report, colors));
  }
  return exitCodes.done;
};

/** A time, or how long ago. */
function since(given: string, name: string, now: number): number {
  if (/^\d+(\.\d+)?(ms|s|m|h|d)$/.test(given)) return Math.round(now - (duration(given, name) ?? 0));
  const at = /^\d{4}-\d\d-\d\d/.test(given) ? Date.parse(given) : Number.NaN;
  if (!Number.isNaN(at)) return at;
  const fix = 'how long ago, e.g. 5m, or a time, e.g. 2026-05-04T12:00:00Z';
  throw usageError('usage.since', `--since ${show(given)} is not a time`, fix);
}
