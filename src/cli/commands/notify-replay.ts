import { usageError } from '@golden-pipeline/shared/errors';
import { show } from '@golden-pipeline/shared/text';
import { createDeliverer } from '../../composition/deliverer.ts';
import { withLedger } from '../../composition/with-services.ts';
import type { Outbox } from '../../ledger/outbox.ts';
import { deliverDue } from '../../notify/deliver.ts';
import type { CommandModule } from '../command.ts';
import { useColor } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { fleetOf } from '../fleets.ts';
import { warnOfUnreadable } from '../notifications.ts';
import { flag, parseOptions } from '../options.ts';
import { writeJson } from '../views/json.ts';
import { renderNotifications } from '../views/notifications.ts';
import { colorsFor } from '../views/text.ts';

/** How many are looked through for those that failed. */
const lookedThrough = 500;

/** `pipeline notify replay <app> [id]`: exit code 1 when it was not delivered, and waits again. */
export const run: CommandModule['run'] = async (context, [app, id], options) => {
  const { failed } = parseOptions(options, { failed: flag });
  const fleet = await fleetOf(context, app, options);
  if ((id === undefined) !== failed) {
    throw usageError(
      'notify.what',
      'which notification?',
      `name one of: pipeline notify list ${app}; or --failed alone`,
    );
  }
  const replayed = await withLedger(context, fleet, async ({ outbox }) => {
    const ids = id === undefined ? await failedOnes(outbox, fleet.app) : [id];
    for (const one of ids) {
      const found = await outbox.get(one).catch(() => undefined);
      if (found?.configuredBy !== fleet.app) {
        const message = `${fleet.app} in ${fleet.environment} has no notification ${show(one)}`;
        throw usageError('notify.unknown', message, `pipeline notify list ${fleet.app}`);
      }
      await outbox.replay(one);
    }
    await deliverDue(createDeliverer(context, fleet, outbox, { onUnreadable: warnOfUnreadable(context) }));
    return Promise.all(ids.map((one) => outbox.get(one)));
  });
  const records = replayed.filter((one) => one !== undefined);
  if (options.json) writeJson(context.stdout, records);
  else if (records.length === 0) context.stdout.write('no notification has failed\n');
  else context.stdout.write(renderNotifications(records, colorsFor(useColor(context, options, context.stdout))));
  return records.every(({ state }) => state === 'delivered') ? exitCodes.done : exitCodes.failed;
};

async function failedOnes(outbox: Outbox, app: string): Promise<string[]> {
  const newest = await outbox.newest(lookedThrough);
  return newest.filter((one) => one.state === 'failed' && one.configuredBy === app).map((one) => one.notification.id);
}
