import { withLedger } from '../../composition/with-services.ts';
import type { Fleet } from '../../config/settings.ts';
import type { CommandModule } from '../command.ts';
import { useColor } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { fleetOf, usableFleetsOf } from '../fleets.ts';
import { onePerLedger, warnOfLedger, warnOfUnreadable } from '../notifications.ts';
import { parseOptions, positive } from '../options.ts';
import { writeJson } from '../views/json.ts';
import { renderNotifications } from '../views/notifications.ts';
import { colorsFor } from '../views/text.ts';

/** How many are looked through for those of one app. */
const lookedThrough = 500;

/** `pipeline notify list [app]`: notifications of an environment, or of one app, newest first. */
export const run: CommandModule['run'] = async (context, [app], options) => {
  const { limit } = parseOptions(options, { limit: positive(20) });
  const fleets = app === undefined ? await usableFleetsOf(context, options) : [await fleetOf(context, app, options)];
  const ledgers = onePerLedger(fleets);
  const warn = warnOfUnreadable(context);
  const read = await Promise.allSettled(
    ledgers.map((fleet) =>
      withLedger(context, fleet, async ({ outbox }) => {
        const found = await outbox.newest(app === undefined ? limit : lookedThrough, warn);
        return app === undefined ? found : found.filter((one) => one.configuredBy === app).slice(0, limit);
      }),
    ),
  );
  const failed = read.filter((one) => one.status === 'rejected');
  if (failed[0] && failed.length === read.length) throw failed[0].reason;
  for (const [index, one] of read.entries()) {
    if (one.status === 'rejected') warnOfLedger(context, ledgers[index] as Fleet, one.reason);
  }
  const records = read.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
  if (options.json) writeJson(context.stdout, records);
  else context.stdout.write(renderNotifications(records, colorsFor(useColor(context, options, context.stdout))));
  // The list is not complete.
  return failed.length === 0 ? exitCodes.done : exitCodes.failed;
};
