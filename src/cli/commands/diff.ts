import { readChanges } from '../../changes/read-changes.ts';
import { withLedger, withServices } from '../../composition/with-services.ts';
import { gitRef } from '../../config/names.ts';
import { observeFleet } from '../../fleet/observe.ts';
import { placeOf } from '../../plays/project-files.ts';
import type { CommandModule } from '../command.ts';
import { useColor } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { fleetOf } from '../fleets.ts';
import { renderChanges } from '../views/changes.ts';
import { writeJson } from '../views/json.ts';
import { colorsFor } from '../views/text.ts';

/** `pipeline diff <app> [from] [to]`: what a release would bring to what serves, or what two versions or commits differ in. */
export const run: CommandModule['run'] = async (context, [app, from, to], options) => {
  for (const ref of [from, to]) if (ref !== undefined) gitRef(ref);
  const fleet = await fleetOf(context, app, options);
  const place = placeOf(fleet);
  const changes =
    from === undefined
      ? await withServices(context, fleet, async (services) => {
          const { facts } = await observeFleet(services);
          return readChanges(services, place, { serving: facts.current.version, to });
        })
      : await withLedger(context, fleet, (ledger) => readChanges({ fleet, ledger }, place, { from, to }));
  if (options.json) writeJson(context.stdout, changes);
  else context.stdout.write(renderChanges(changes, colorsFor(useColor(context, options, context.stdout))));
  return exitCodes.done;
};
