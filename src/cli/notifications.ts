import { withLedger } from '../composition/with-services.ts';
import { ledgerRoot } from '../config/collisions.ts';
import type { Fleet } from '../config/settings.ts';
import type { CliContext } from './context.ts';

/** How long a command waits for the delivery of notifications after its result is printed, in milliseconds. */
const patienceMs = 3000;

/** The deliveries of one command to one ledger, one after the other. */
interface Delivery {
  fleet: Fleet;
  last: Promise<void>;
  /** Another round is to follow the current one. */
  wanted: boolean;
  stop: AbortController;
}

/** By the process, as a command and the end of the process share it. */
const deliveries = new WeakMap<CliContext, Map<string, Delivery>>();

/** Begins to deliver what waits in the outbox of a fleet's ledger, beside what the command does. Nothing of it makes the command fail. */
export function beginDelivery(context: CliContext, fleet: Fleet): void {
  if (!announces(fleet)) return;
  const all = deliveries.get(context) ?? new Map<string, Delivery>();
  deliveries.set(context, all);
  const key = ledgerRoot(fleet);
  const running = all.get(key);
  if (running?.wanted) return;
  const delivery = running ?? { fleet, last: Promise.resolve(), wanted: false, stop: new AbortController() };
  delivery.wanted = true;
  delivery.last = delivery.last.then(() => {
    delivery.wanted = false;
    return deliver(context, delivery);
  });
  all.set(key, delivery);
  context.afterwards = () => finishDeliveries(context);
}

/** Waits for these deliveries, for 3 seconds at most, and says on stderr what is left. */
async function finishDeliveries(context: CliContext): Promise<void> {
  const all = [...(deliveries.get(context)?.values() ?? [])];
  if (all.length === 0) return;
  deliveries.delete(context);
  const patience = new AbortController();
  const ended = Promise.all(all.map(({ last }) => last)).finally(() => patience.abort());
  await context.clock.sleep(patienceMs, patience.signal).catch(() => undefined);
  for (const { stop } of all) stop.abort();
  if (patience.signal.aborted) await ended;
  const fleets = all.map(({ fleet }) => fleet);
  // A ledger that does not answer must not hold the command up.
  await Promise.race([noteWaiting(context, fleets), context.clock.sleep(patienceMs)]);
}

/** Says on stderr how many notifications wait in the ledgers of these fleets; nothing when there are none, or where that cannot be read. */
export async function noteWaiting(context: CliContext, fleets: readonly Fleet[]): Promise<void> {
  const ledgers = new Map(fleets.filter(announces).map((fleet) => [ledgerRoot(fleet), fleet]));
  for (const fleet of ledgers.values()) {
    const count = await withLedger(context, fleet, (ledger) => ledger.outbox.countWaiting()).catch(() => 0);
    if (count === 0) continue;
    const what = `${count} ${count === 1 ? 'notification' : 'notifications'} waiting`;
    context.stderr.write(`${what}; pipeline notify list --env ${fleet.environment}\n`);
  }
}

const announces = ({ notify }: Pick<Fleet, 'notify'>): boolean => notify.targets.length > 0;

async function deliver(context: CliContext, { fleet, stop }: Delivery): Promise<void> {
  try {
    const [{ createDeliverer }, { deliverDue }] = await Promise.all([
      import('../composition/deliverer.ts'),
      import('../notify/deliver.ts'),
    ]);
    await withLedger(context, fleet, ({ outbox }) => deliverDue(createDeliverer(context, fleet, outbox, stop.signal)));
  } catch {
    // The ledger cannot be reached: what waits in it is delivered by the next command.
  }
}
