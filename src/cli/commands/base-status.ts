import { readBase } from '../../base-image/read.ts';
import { withServices } from '../../composition/with-services.ts';
import type { CommandModule } from '../command.ts';
import { useColor } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { fleetOf, fleetsOf } from '../fleets.ts';
import { renderBase } from '../views/base.ts';
import { writeJson } from '../views/json.ts';
import { colorsFor } from '../views/text.ts';

/** `pipeline base status [app]`: one document for the app, a list without one. */
export const run: CommandModule['run'] = async (context, [app], options) => {
  const fleets = app === undefined ? await fleetsOf(context, options) : [await fleetOf(context, app, options)];
  const now = context.clock.now();
  const reports = await Promise.all(
    fleets.map((fleet) => withServices(context, fleet, (services) => readBase(services, now))),
  );
  if (options.json) writeJson(context.stdout, app === undefined ? reports : reports[0]);
  else context.stdout.write(renderBase(reports, colorsFor(useColor(context, options, context.stdout))));
  return exitCodes.done;
};
