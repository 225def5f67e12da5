import { createDeliverer } from '../../composition/deliverer.ts';
import { withLedger } from '../../composition/with-services.ts';
import type { Fleet } from '../../config/settings.ts';
import type { OutboxRecord } from '../../ledger/notification.ts';
import type { OnUnreadable, Outbox } from '../../ledger/outbox.ts';
import { type Deliverer, deliverDue } from '../../notify/deliver.ts';
import { readerOf } from '../../notify/previous.ts';
import type { CommandModule } from '../command.ts';
import type { CliContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { usableFleetsOf } from '../fleets.ts';
import { announces, onePerLedger, warnOfLedger, warnOfUnreadable } from '../notifications.ts';
import { writeJson } from '../views/json.ts';

/** What became of the notifications that waited. */
interface Tally {
  delivered: number;
  failed: number;
  /** Those of this project that still wait. */
  waiting: number;
  /** Those of other projects in the same ledger that still wait: these deliver them. */
  foreign: number;
  unreadable: number;
}

/**
 * `pipeline notify deliver`: delivers what is due, for cron, which mails what a command prints: so only what waits or has failed is
 * printed. Exit code 1 when something of this project still waits, or a ledger cannot be reached.
 */
export const run: CommandModule['run'] = async (context, _args, options) => {
  const fleets = await usableFleetsOf(context, options);
  const warn = warnOfUnreadable(context);
  const sum: Tally = { delivered: 0, failed: 0, waiting: 0, foreign: 0, unreadable: 0 };
  let unreached = 0;
  for (const fleet of onePerLedger(fleets.filter(announces))) {
    try {
      const tally = await withLedger(context, fleet, ({ outbox }) => deliverFrom(context, fleet, outbox, warn));
      for (const key of Object.keys(sum) as (keyof Tally)[]) sum[key] += tally[key];
    } catch (error) {
      unreached++;
      warnOfLedger(context, fleet, error);
    }
  }
  if (options.json) writeJson(context.stdout, sum);
  else if (sum.waiting + sum.failed > 0) context.stdout.write(`${describe(sum)}\n`);
  return sum.waiting + unreached === 0 ? exitCodes.done : exitCodes.failed;
};

async function deliverFrom(context: CliContext, fleet: Fleet, outbox: Outbox, warn: OnUnreadable): Promise<Tally> {
  const unreadable = new Set<string>();
  const onUnreadable: OnUnreadable = (error) => {
    unreadable.add(error.message);
    warn(error);
  };
  const deliverer = createDeliverer(context, fleet, outbox, { onUnreadable });
  const before = await outbox.waiting(onUnreadable);
  await deliverDue(deliverer);
  const after = await outbox.waiting(onUnreadable);
  const left = new Set(after.map(({ notification }) => notification.id));
  const read = readerOf(outbox, onUnreadable);
  const gone = before.filter(({ notification }) => !left.has(notification.id));
  const ended = await Promise.all(gone.map(({ notification }) => read(notification.id)));
  const own = await Promise.all(after.map((record) => isOwn(deliverer, record)));
  const waiting = own.filter(Boolean).length;
  const count = (state: OutboxRecord['state']) => ended.filter((one) => one?.state === state).length;
  return {
    ...{ delivered: count('delivered'), failed: count('failed') },
    ...{ waiting, foreign: after.length - waiting, unreadable: unreadable.size },
  };
}

/** An app whose file has mistakes is one of this project. */
const isOwn = ({ fleetOf }: Deliverer, record: OutboxRecord): Promise<boolean> =>
  fleetOf(record).then(
    (fleet) => fleet !== undefined,
    () => true,
  );

function describe({ delivered, waiting, failed, foreign, unreadable }: Tally): string {
  const others = { failed, 'of other projects': foreign, unreadable };
  const more = Object.entries(others).filter(([, count]) => count > 0);
  return [`${delivered} delivered`, `${waiting} waiting`, ...more.map(([what, count]) => `${count} ${what}`)].join(
    ', ',
  );
}
