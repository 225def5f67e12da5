import { messageOf, PipelineError } from '@golden-pipeline/shared/errors';
import { withLedger } from '../composition/with-services.ts';
import { ledgerRoot } from '../config/collisions.ts';
import type { Fleet } from '../config/settings.ts';
import { stopSignals } from '../engine/interrupt.ts';
import type { OnUnreadable } from '../ledger/outbox.ts';
import { attemptLimitMs } from '../notify/limits.ts';
import type { CliContext } from './context.ts';
import { printable } from './views/text.ts';

/** How long a command waits for the delivery of notifications after its result is printed, in milliseconds. */
const patienceMs = 3000;

/** The deliveries of one command to one ledger, one after the other. */
interface Delivery {
  fleet: Fleet;
  last: Promise<void>;
  /** Another round is to follow the current one. */
  wanted: boolean;
  stop: AbortController;
  /** Ids of those that are being sent. */
  sending: Set<string>;
  /** What to say of records that cannot be read. */
  problems: string[];
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
  const delivery: Delivery = running ?? {
    ...{ fleet, last: Promise.resolve(), wanted: false, stop: new AbortController() },
    ...{ sending: new Set(), problems: [] },
  };
  delivery.wanted = true;
  delivery.last = delivery.last.then(() => {
    delivery.wanted = false;
    return deliver(context, delivery);
  });
  all.set(key, delivery);
  context.afterwards = () => finishDeliveries(context);
}

/**
 * Waits for these deliveries, for 3 seconds at most, and then for active attempts, which have a limit of their own: cut off, they would
 * be repeated by every command. Says on stderr what is left. The command has ended, so a signal ends the waiting and changes no exit code.
 */
async function finishDeliveries(context: CliContext): Promise<void> {
  const all = [...(deliveries.get(context)?.values() ?? [])];
  if (all.length === 0) return;
  deliveries.delete(context);
  const impatience = new AbortController();
  const leave = () => impatience.abort();
  for (const name of stopSignals) context.signals.on(name, leave);
  try {
    const { signal } = impatience;
    const ended = Promise.all(all.map(({ last }) => last));
    await within(context, patienceMs, signal, ended);
    for (const { stop } of all) stop.abort();
    const sending = all.flatMap((one) => [...one.sending]);
    if (sending.length > 0 && !signal.aborted) {
      context.stderr.write(`waiting for an answer to ${sending.join(', ')}; Ctrl-C leaves it to the next command\n`);
      await within(context, attemptLimitMs + patienceMs, signal, ended);
    }
    for (const text of new Set(all.flatMap(({ problems }) => problems))) {
      context.stderr.write(`warning: ${printable(text)}\n`);
    }
    // A ledger that does not answer must not hold the command up.
    const fleets = all.map(({ fleet }) => fleet);
    await within(context, patienceMs, signal, noteWaiting(context, fleets));
  } finally {
    for (const name of stopSignals) context.signals.off(name, leave);
  }
}

/** Waits for work until its time is over or a signal comes. */
async function within(context: CliContext, ms: number, signal: AbortSignal, work: Promise<unknown>): Promise<void> {
  const done = new AbortController();
  const both = AbortSignal.any([signal, done.signal]);
  void work.catch(() => undefined).finally(() => done.abort());
  await context.clock.sleep(ms, both).catch(() => undefined);
}

/**
 * Says on stderr how many notifications wait in the ledgers of these fleets, and how many were given up within a day; nothing when there
 * are none, or where that cannot be read.
 */
export async function noteWaiting(context: CliContext, fleets: readonly Fleet[]): Promise<void> {
  for (const fleet of onePerLedger(fleets.filter(announces))) {
    const counts = withLedger(context, fleet, ({ outbox }) => Promise.all([outbox.countWaiting(), outbox.countDead()]));
    const [waiting, dead] = await counts.catch(() => [0, 0] as const);
    if (waiting + dead === 0) continue;
    const plural = (count: number) => `${count} ${count === 1 ? 'notification' : 'notifications'}`;
    const parts = [
      ...(waiting > 0 ? [`${plural(waiting)} waiting`] : []),
      ...(dead > 0 ? [`${waiting > 0 ? dead : plural(dead)} could not be delivered`] : []),
    ];
    context.stderr.write(`${parts.join(', ')}; pipeline notify list --env ${fleet.environment}\n`);
  }
}

/** The first fleet of each ledger. */
export function onePerLedger(fleets: readonly Fleet[]): Fleet[] {
  const ledgers = new Map<string, Fleet>();
  for (const fleet of fleets) {
    const root = ledgerRoot(fleet);
    if (!ledgers.has(root)) ledgers.set(root, fleet);
  }
  return [...ledgers.values()];
}

/** Whether notifications of a fleet have somewhere to go. */
export const announces = ({ notify }: Pick<Fleet, 'notify'>): boolean => notify.targets.length > 0;

async function deliver(context: CliContext, { fleet, stop, sending, problems }: Delivery): Promise<void> {
  if (stop.signal.aborted) return;
  try {
    const [{ createDeliverer }, { deliverDue }] = await Promise.all([
      import('../composition/deliverer.ts'),
      import('../notify/deliver.ts'),
    ]);
    const watched = {
      signal: stop.signal,
      sending,
      onUnreadable: (error: PipelineError) => void problems.push(describeUnreadable(error)),
    };
    await withLedger(context, fleet, ({ outbox }) => deliverDue(createDeliverer(context, fleet, outbox, watched)));
  } catch {
    // The ledger cannot be reached: what waits in it is delivered by the next command.
  }
}

/** Warns on stderr, once of each, of records that are left out. */
export function warnOfUnreadable(context: Pick<CliContext, 'stderr'>): OnUnreadable {
  const warned = new Set<string>();
  return (error) => {
    const text = describeUnreadable(error);
    if (!warned.has(text)) context.stderr.write(`warning: ${printable(text)}\n`);
    warned.add(text);
  };
}

/** Warns on stderr of a ledger that is left out. */
export function warnOfLedger({ stderr }: Pick<CliContext, 'stderr'>, fleet: Fleet, error: unknown): void {
  const fix = error instanceof PipelineError && error.fix !== undefined ? `; fix: ${error.fix}` : '';
  const text = `notifications in ${ledgerRoot(fleet)} are left out: ${messageOf(error)}${fix}`;
  stderr.write(`warning: ${printable(text)}\n`);
}

/** What is wrong with a record that was left out, and what to do. */
const describeUnreadable = ({ message, fix }: PipelineError): string =>
  `${message}${fix === undefined ? '' : `; fix: ${fix}`}`;
