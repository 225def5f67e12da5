import type { Notification, Occasion, OutboxRecord } from '../ledger/notification.ts';
import type { Outbox } from '../ledger/outbox.ts';
import type { ReadRecord } from './previous.ts';

/** By what the news of each occasion grows old: what serves, how many there are, whether there is a hold. */
const overtakenBy: Readonly<Partial<Record<Occasion, readonly Occasion[]>>> = {
  released: ['released', 'rolled-back'],
  'rolled-back': ['released', 'rolled-back'],
  failed: ['released', 'rolled-back'],
  undone: ['released', 'rolled-back'],
  scale: ['scale'],
  hold: ['hold', 'unhold'],
  unhold: ['hold', 'unhold'],
};

/**
 * Tells of notifications in the queue of a target whether a later one of the same app says otherwise: one that waits behind it, or one
 * that was delivered before, as when this one is replayed. Reads of what was delivered only what is later than a record.
 */
export function overtakenIn(
  outbox: Pick<Outbox, 'idsOf'> & { read: ReadRecord },
  queue: readonly OutboxRecord[],
): (record: OutboxRecord) => Promise<boolean> {
  const inQueue = new Set(queue.map(({ notification }) => notification.id));
  const known = new Map<string, Promise<OutboxRecord | undefined>>();
  let all: Promise<string[]> | undefined;
  const read = (id: string) => {
    const found = known.get(id) ?? outbox.read(id);
    known.set(id, found);
    return found;
  };
  return async (record) => {
    const { id, occasion, at } = record.notification;
    const by = overtakenBy[occasion];
    if (!by) return false;
    const overtakes = (other: OutboxRecord | undefined): boolean =>
      other?.configuredBy === record.configuredBy &&
      other.notification.app === record.notification.app &&
      other.notification.at > at &&
      by.includes(other.notification.occasion);
    if (queue.some(overtakes)) return true;
    all ??= outbox.idsOf(record.target);
    // Ids begin with the time of their run.
    const later = (await all).filter(
      (other) => other > id && !inQueue.has(other) && by.some((one) => other.includes(`.${one}.`)),
    );
    for (const other of later.reverse()) if (overtakes(await read(other))) return true;
    return false;
  };
}

/** The same without what is not true any more: what serves, and how to undo it. */
export function asOvertaken({ undo: _undo, serving: _serving, ...rest }: Notification): Notification {
  return { ...rest, overtaken: true };
}
