import { readOutlook } from '../../operations/read-outlook.ts';
import { usageError } from '../../shared/errors.ts';
import type { CommandModule } from '../command.ts';
import { useColor } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { fleetOf } from '../fleets.ts';
import { renderHistory } from '../views/history.ts';
import { writeJson } from '../views/json.ts';
import { renderOutlook } from '../views/outlook.ts';
import { colorsFor } from '../views/text.ts';
import { withServices } from '../with-services.ts';

/** `pipeline history <app>`: its runs, newest first. */
export const run: CommandModule['run'] = async (context, [app], options) => {
  const limit = readLimit(options.limit);
  const fleet = await fleetOf(context, app, options);
  const { runs, outlook } = await withServices(context, fleet, async (services) => ({
    runs: await services.ledger.runs(fleet.app, limit),
    // The document is the list of runs; what a rollback would do is in that of `status`.
    outlook: options.json ? undefined : await readOutlook(services),
  }));
  if (options.json) writeJson(context.stdout, runs);
  else {
    context.stdout.write(renderHistory(fleet, runs, colorsFor(useColor(context, options, context.stdout))));
    if (outlook && runs.length > 0) context.stdout.write(`${renderOutlook(outlook)}\n`);
  }
  return exitCodes.done;
};

function readLimit(given: string | boolean | undefined): number {
  if (given === undefined) return 20;
  const limit = Number(given);
  if (Number.isInteger(limit) && limit > 0) return limit;
  throw usageError('usage.limit', `--limit ${JSON.stringify(given)} is not a whole number above 0`, '--limit 20');
}
