import type { Clock } from '@golden-pipeline/shared/clock';
import { withServices } from '../../composition/with-services.ts';
import type { DescribedDifference } from '../../fleet/configuration/describe.ts';
import { readDrift } from '../../fleet/configuration/read-drift.ts';
import type { Services } from '../../fleet/services.ts';
import { type RollbackOutlook, readOutlook } from '../../rollback/outlook.ts';
import { type FleetStatus, readStatus } from '../../status/read.ts';
import type { CommandModule } from '../command.ts';
import { useColor } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { fleetOf, fleetsOf } from '../fleets.ts';
import { writeJson } from '../views/json.ts';
import { renderStatus } from '../views/status.ts';
import { colorsFor } from '../views/text.ts';

/** `pipeline status [app]`: what serves now. Without an app, all apps of the project. */
export const run: CommandModule['run'] = async (context, [app], options) => {
  const fleets = app === undefined ? await fleetsOf(context, options) : [await fleetOf(context, app, options)];
  const statuses = await Promise.all(
    fleets.map((fleet) => withServices(context, fleet, (services) => readAll(services, context.clock))),
  );
  if (options.json) writeJson(context.stdout, app === undefined ? statuses : statuses[0]);
  else {
    const colors = colorsFor(useColor(context, options, context.stdout));
    context.stdout.write(statuses.map((status) => renderStatus(status, colors, context.clock.now())).join('\n'));
  }
  return exitCodes.done;
};

async function readAll(
  services: Services,
  clock: Clock,
): Promise<FleetStatus & { rollback: RollbackOutlook; configuration: DescribedDifference[] | null }> {
  const [status, rollback, configuration] = await Promise.all([
    readStatus(services),
    readOutlook(services),
    readDrift(services, clock),
  ]);
  return { ...status, rollback, configuration };
}
