import { usageError } from '../../shared/errors.ts';
import type { CommandModule } from '../command.ts';
import { useColor } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { fleetOf } from '../fleets.ts';
import { renderHistory } from '../views/history.ts';
import { writeJson } from '../views/json.ts';
import { colorsFor } from '../views/text.ts';
import { withServices } from '../with-services.ts';

/** `pipeline history <app>`: its runs, newest first. */
export const run: CommandModule['run'] = async (context, [app], options) => {
  const limit = readLimit(options.limit);
  const fleet = await fleetOf(context, app, options);
  const runs = await withServices(context, fleet, ({ ledger }) => ledger.runs(fleet.app, limit));
  if (options.json) writeJson(context.stdout, runs);
  else context.stdout.write(renderHistory(fleet, runs, colorsFor(useColor(context, options, context.stdout))));
  return exitCodes.done;
};

function readLimit(given: string | boolean | undefined): number {
  if (given === undefined) return 20;
  const limit = Number(given);
  if (Number.isInteger(limit) && limit > 0) return limit;
  throw usageError('usage.limit', `--limit ${JSON.stringify(given)} is not a whole number above 0`, '--limit 20');
}
