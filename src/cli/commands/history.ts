import { PipelineError } from '@golden-pipeline/shared/errors';
import { withLedger, withServices } from '../../composition/with-services.ts';
import type { Fleet } from '../../config/settings.ts';
import { readOutlook } from '../../rollback/outlook.ts';
import type { CommandModule } from '../command.ts';
import { type CliContext, useColor } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { fleetOf } from '../fleets.ts';
import { parseOptions, positive } from '../options.ts';
import { renderHistory } from '../views/history.ts';
import { writeJson } from '../views/json.ts';
import { renderOutlook } from '../views/outlook.ts';
import { colorsFor, printable } from '../views/text.ts';

/** `pipeline history <app>`: its runs, newest first. */
export const run: CommandModule['run'] = async (context, [app], options) => {
  const { limit } = parseOptions(options, { limit: positive(20) });
  const fleet = await fleetOf(context, app, options);
  const runs = await withLedger(context, fleet, (ledger) => ledger.runs(fleet.app, limit));
  if (options.json) writeJson(context.stdout, runs);
  else {
    context.stdout.write(renderHistory(fleet, runs, colorsFor(useColor(context, options, context.stdout))));
    // The document is the list of runs; what a rollback would do is in that of `status`.
    if (runs.length > 0) context.stdout.write(`${printable(await outlookOf(context, fleet))}\n`);
  }
  return exitCodes.done;
};

/** What a rollback would do now; history can be told without it when the cloud is down. */
async function outlookOf(context: CliContext, fleet: Fleet): Promise<string> {
  try {
    return renderOutlook(await withServices(context, fleet, readOutlook));
  } catch (error) {
    if (error instanceof PipelineError && error.code === 'local.not-running') return error.message;
    throw error;
  }
}
