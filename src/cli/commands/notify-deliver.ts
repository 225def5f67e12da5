import type { PipelineError } from '@golden-pipeline/shared/errors';
import { createDeliverer } from '../../composition/deliverer.ts';
import { withLedger } from '../../composition/with-services.ts';
import { ledgerRoot } from '../../config/collisions.ts';
import { deliverDue } from '../../notify/deliver.ts';
import type { CommandModule } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { fleetsOf } from '../fleets.ts';
import { describeUnreadable } from '../notifications.ts';
import { writeJson } from '../views/json.ts';
import { printable } from '../views/text.ts';

/** `pipeline notify deliver`: delivers what is due, for cron: quiet when there is nothing to do. Exit code 1 when something still waits. */
export const run: CommandModule['run'] = async (context, _args, options) => {
  const fleets = await fleetsOf(context, options);
  const ledgers = new Map(fleets.map((fleet) => [ledgerRoot(fleet), fleet]));
  const onUnreadable = (error: PipelineError) =>
    void context.stderr.write(`warning: ${printable(describeUnreadable(error))}\n`);
  let delivered = 0;
  let waiting = 0;
  for (const fleet of ledgers.values()) {
    await withLedger(context, fleet, async ({ outbox }) => {
      const before = await outbox.waiting();
      await deliverDue(createDeliverer(context, fleet, outbox, { onUnreadable }));
      const after = await Promise.all(before.map(({ notification }) => outbox.get(notification.id)));
      delivered += after.filter((one) => one?.state === 'delivered').length;
      waiting += await outbox.countWaiting();
    });
  }
  if (options.json) writeJson(context.stdout, { delivered, waiting });
  else if (delivered + waiting > 0) context.stdout.write(`${delivered} delivered, ${waiting} waiting\n`);
  return waiting === 0 ? exitCodes.done : exitCodes.failed;
};
