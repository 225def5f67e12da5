import type { Clock } from '@golden-pipeline/shared/clock';
import { instantOf, instantText } from '../shared/instant.ts';
import type { Notification, OutboxRecord } from './notification.ts';
import { encode, type Read, readRecord } from './records.ts';
import type { Store } from './store.ts';

/** A notification that this process alone may deliver until its claim ends. */
export interface Claimed {
  record: OutboxRecord;
  /** Writes how the attempt ended, unless another process has taken it over. @returns whether it was written */
  finish(end: Partial<Omit<OutboxRecord, 'notification' | 'claim'>>): Promise<boolean>;
}

/** Notifications of an environment. */
export interface Outbox {
  /** Records a notification for a target; false when it was recorded before. */
  add(notification: Notification, target: { name: string; configuredBy: string }): Promise<boolean>;
  get(id: string): Promise<OutboxRecord | undefined>;
  /** How many wait: one request to the ledger, no record is read. */
  countWaiting(): Promise<number>;
  /** Those that wait, the oldest first. */
  waiting(): Promise<OutboxRecord[]>;
  /** The newest ones, whatever became of them. */
  newest(limit: number): Promise<OutboxRecord[]>;
  /** Takes one for delivery; undefined when it is delivered, claimed by another process, or not due yet. */
  claim(id: string, by: { by: string; ms: number }): Promise<Claimed | undefined>;
  /** Has one delivered once more, whatever became of it. @returns undefined when there is none of that id */
  replay(id: string): Promise<OutboxRecord | undefined>;
}

const recordKey = (id: string) => `outbox/all/${id}`;
const waitingKey = (id: string) => `outbox/waiting/${id}`;

/**
 * The outbox in a store. Each notification has a record, which stays, and while it waits a mark beside it: so what waits is found without
 * reading what was delivered long ago. The mark is written first: a process that dies in between leaves a mark without a record, not a
 * record that nobody finds.
 */
export function createOutbox(store: Store, clock: Clock): Outbox {
  const read = (id: string) => readRecord<OutboxRecord>(store, recordKey(id));
  const mark = (id: string) => store.put(waitingKey(id), encode({ id }), 'always');
  const unmark = (id: string) => store.delete(waitingKey(id));
  const idsOf = async (prefix: string) => (await store.list(prefix)).map((key) => key.slice(prefix.length));

  const claimed = (id: string, { value: record, etag }: Read<OutboxRecord>): Claimed => ({
    record,
    async finish(end) {
      const { claim: _claim, ...open } = record;
      const next: OutboxRecord = { ...open, ...end };
      if (!(await store.put(recordKey(id), encode(next), { ifMatch: etag })).written) return false;
      if (next.state !== 'waiting') await unmark(id);
      return true;
    },
  });

  return {
    async add(notification, { name: target, configuredBy }) {
      const now = instantText(clock.now());
      const { id } = notification;
      const known = await read(id);
      if (known) return false;
      await mark(id);
      const record: OutboxRecord = {
        ...{ notification, target, configuredBy, recordedAt: now, state: 'waiting', attempts: 0, nextAt: now },
      };
      return (await store.put(recordKey(id), encode(record), 'if-absent')).written;
    },
    get: async (id) => (await read(id))?.value,
    countWaiting: async () => (await store.list('outbox/waiting/')).length,
    async waiting() {
      const ids = await idsOf('outbox/waiting/');
      const records = await Promise.all(
        ids.map(async (id) => {
          const found = (await read(id))?.value;
          if (found?.state === 'waiting') return [found];
          // Its end was written and the process died before it removed the mark.
          if (found) await unmark(id);
          return [];
        }),
      );
      const order = ({ notification, recordedAt }: OutboxRecord) => `${notification.at} ${recordedAt}`;
      return records.flat().sort((a, b) => order(a).localeCompare(order(b)));
    },
    async newest(limit) {
      const ids = (await idsOf('outbox/all/')).reverse().slice(0, limit);
      const records = await Promise.all(ids.map(read));
      const found = records.flatMap((one) => (one ? [one.value] : []));
      // Ids begin with the run, so they are in order between runs only.
      return found.sort((a, b) => b.notification.at.localeCompare(a.notification.at));
    },
    async claim(id, { by, ms }) {
      const seen = await read(id);
      if (seen?.value.state !== 'waiting') return undefined;
      const now = clock.now();
      const { claim, nextAt } = seen.value;
      if (instantOf(nextAt) > now || (claim && instantOf(claim.until) > now)) return undefined;
      const record: OutboxRecord = { ...seen.value, claim: { by, until: instantText(now + ms) } };
      const put = await store.put(recordKey(id), encode(record), { ifMatch: seen.etag });
      return put.written ? claimed(id, { value: record, etag: put.etag }) : undefined;
    },
    async replay(id) {
      for (;;) {
        const seen = await read(id);
        if (!seen) return undefined;
        const { reason: _reason, endedAt: _endedAt, claim: _claim, ...kept } = seen.value;
        const now = instantText(clock.now());
        const record: OutboxRecord = { ...kept, state: 'waiting', attempts: 0, nextAt: now, recordedAt: now };
        await mark(id);
        if ((await store.put(recordKey(id), encode(record), { ifMatch: seen.etag })).written) return record;
      }
    },
  };
}
