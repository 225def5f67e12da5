import type { Notification, OutboxRecord, Receipt } from '../ledger/notification.ts';
import { isUnreadable, type OnUnreadable, type Outbox } from '../ledger/outbox.ts';
import { instantOf } from '../shared/instant.ts';
import { startOf } from './notifications.ts';
import type { Target } from './target.ts';

/** Reads a record; one that cannot be read counts as absent, and is reported. */
export type ReadRecord = (id: string) => Promise<OutboxRecord | undefined>;

/** Reads the records beside the one that is delivered: a damaged one must not hold that up. */
export function readerOf(outbox: Pick<Outbox, 'get'>, onUnreadable: OnUnreadable = () => undefined): ReadRecord {
  return async (id) => {
    try {
      return await outbox.get(id);
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      onUnreadable(error);
      return undefined;
    }
  };
}

/** What the start of the same run was answered; `later` while that is being delivered; `superseded` for a start whose run has ended. */
export async function previousOf(
  read: ReadRecord,
  { id, occasion }: Notification,
  { updates = false }: Target,
  target: string,
  now: number,
): Promise<Receipt | undefined | 'later' | 'superseded'> {
  if (occasion === 'test') return undefined;
  if (occasion === 'started') return updates && (await hasEnded(read, id, target)) ? 'superseded' : undefined;
  const start = await read(startOf(id, target));
  if (start?.state === 'delivered') return start.receipt;
  if (!updates || start?.state !== 'waiting') return undefined;
  return start.claim !== undefined && instantOf(start.claim.until) > now ? 'later' : undefined;
}

async function hasEnded(read: ReadRecord, id: string, target: string): Promise<boolean> {
  const ends = ['released', 'rolled-back', 'failed', 'undone', 'scale'] as const;
  const found = await Promise.all(ends.map((end) => read(startOf(id, target, end))));
  return found.some((one) => one !== undefined);
}
