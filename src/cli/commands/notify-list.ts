import type { PipelineError } from '@golden-pipeline/shared/errors';
import { withLedger } from '../../composition/with-services.ts';
import { ledgerRoot } from '../../config/collisions.ts';
import type { CommandModule } from '../command.ts';
import { useColor } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { fleetOf, fleetsOf } from '../fleets.ts';
import { describeUnreadable } from '../notifications.ts';
import { parseOptions, positive } from '../options.ts';
import { writeJson } from '../views/json.ts';
import { renderNotifications } from '../views/notifications.ts';
import { colorsFor, printable } from '../views/text.ts';

/** How many are looked through for those of one app. */
const lookedThrough = 500;

/** `pipeline notify list [app]`: notifications of an environment, or of one app, newest first. */
export const run: CommandModule['run'] = async (context, [app], options) => {
  const { limit } = parseOptions(options, { limit: positive(20) });
  const fleets = app === undefined ? await fleetsOf(context, options) : [await fleetOf(context, app, options)];
  const ledgers = new Map(fleets.map((fleet) => [ledgerRoot(fleet), fleet]));
  const read = [...ledgers.values()].map((fleet) =>
    withLedger(context, fleet, async ({ outbox }) => {
      const warn = (error: PipelineError) =>
        void context.stderr.write(`warning: ${printable(describeUnreadable(error))}\n`);
      const found = await outbox.newest(app === undefined ? limit : lookedThrough, warn);
      return app === undefined ? found : found.filter((one) => one.configuredBy === app).slice(0, limit);
    }),
  );
  const records = (await Promise.all(read)).flat();
  if (options.json) writeJson(context.stdout, records);
  else context.stdout.write(renderNotifications(records, colorsFor(useColor(context, options, context.stdout))));
  return exitCodes.done;
};
