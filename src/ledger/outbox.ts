import type { Clock } from '@golden-pipeline/shared/clock';
import { PipelineError } from '@golden-pipeline/shared/errors';
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
  /** How many were given up within the last day: one request to the ledger, too. */
  countDead(): Promise<number>;
  /**
   * Those that wait, the oldest first. A damaged record does not keep the others from being delivered; it counts as given up from then on,
   * as nobody can deliver it. One of a newer program waits for that.
   */
  waiting(onUnreadable?: OnUnreadable): Promise<OutboxRecord[]>;
  /** The newest ones, whatever became of them. */
  newest(limit: number, onUnreadable?: OnUnreadable): Promise<OutboxRecord[]>;
  /** Ids of all of one target, whatever became of them, sorted: one request to the ledger, no record is read. */
  idsOf(target: string): Promise<string[]>;
  /** Takes one for delivery; undefined when it is delivered, claimed by another process, or not due yet. */
  claim(id: string, by: { by: string; ms: number }): Promise<Claimed | undefined>;
  /** Has one delivered once more, whatever became of it. @returns undefined when there is none of that id */
  replay(id: string): Promise<OutboxRecord | undefined>;
}

/** Called for a record that is damaged, or that a newer program has written. */
export type OnUnreadable = (error: PipelineError) => void;

/** How long a mark may stand without a record before its process counts as killed, in milliseconds. */
const orphanMs = 60_000;
/** How long one that was given up is counted, in milliseconds. */
const deadNewsMs = 24 * 3_600_000;

/** Whether a record is damaged, or of a newer program. False for a ledger that does not answer. */
export const isUnreadable = (error: unknown): error is PipelineError =>
  error instanceof PipelineError && ['ledger.corrupt', 'ledger.newer'].includes(error.code);

const recordKey = (id: string) => `outbox/all/${id}`;
const waitingKey = (id: string) => `outbox/waiting/${id}`;
/** The time comes first: those of the last day are counted without reading them. */
const deadKey = (id: string, endedAt: string) => `outbox/dead/${endedAt.replace(/[^0-9TZ]/g, '')}/${id}`;

/**
 * The outbox in a store. Each notification has a record, which stays, and while it waits a mark beside it: so what waits is found without
 * reading what was delivered long ago. The mark is written first: a process that dies in between leaves a mark without a record, not a
 * record that nobody finds.
 */
export function createOutbox(store: Store, clock: Clock): Outbox {
  const read = (id: string) => readRecord<OutboxRecord>(store, recordKey(id));
  const mark = (id: string) => store.put(waitingKey(id), encode({ id, at: instantText(clock.now()) }), 'always');
  const idsIn = async (prefix: string) => (await store.list(prefix)).map((key) => key.slice(prefix.length));

  /** Removes the mark of one that does not wait, and sets it again when somebody replays it at the same time. */
  const unmark = async (id: string): Promise<void> => {
    await store.delete(waitingKey(id));
    if ((await read(id))?.value.state === 'waiting') await mark(id);
  };

  /** A mark without a record: its process writes that now, or was killed in between. */
  const dropOrphan = async (id: string): Promise<void> => {
    const found = await readRecord<{ at?: string }>(store, waitingKey(id)).catch((error) => {
      if (!isUnreadable(error)) throw error;
      return undefined;
    });
    const at = found?.value.at;
    if (at === undefined || clock.now() - instantOf(at) > orphanMs) await unmark(id);
  };

  const readable = async (id: string, onUnreadable: OnUnreadable = () => undefined) => {
    try {
      return await read(id);
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      onUnreadable(error);
      return error.code === 'ledger.corrupt' ? 'damaged' : 'newer';
    }
  };

  const markDead = (id: string, endedAt: string) => store.put(deadKey(id, endedAt), encode({ id }), 'always');

  const claimed = (id: string, { value: record, etag }: Read<OutboxRecord>): Claimed => ({
    record,
    async finish(end) {
      const { claim: _claim, ...open } = record;
      const next: OutboxRecord = { ...open, ...end };
      if (!(await store.put(recordKey(id), encode(next), { ifMatch: etag })).written) return false;
      if (next.state === 'failed' && next.endedAt) await markDead(id, next.endedAt);
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
      const { written } = await store.put(recordKey(id), encode(record), 'if-absent');
      // So slow that others may have dropped the mark.
      if (written && clock.now() - instantOf(now) > orphanMs / 2) await mark(id);
      return written;
    },
    get: async (id) => (await read(id))?.value,
    countWaiting: async () => (await store.list('outbox/waiting/')).length,
    async countDead() {
      const since = deadKey('', instantText(clock.now() - deadNewsMs));
      return (await store.list('outbox/dead/')).filter((key) => key > since).length;
    },
    async waiting(onUnreadable) {
      const ids = await idsIn('outbox/waiting/');
      const records = await Promise.all(
        ids.map(async (id) => {
          const found = await readable(id, onUnreadable);
          if (found === 'newer') return [];
          if (found === 'damaged') {
            await markDead(id, instantText(clock.now()));
            await store.delete(waitingKey(id));
          } else if (found === undefined) await dropOrphan(id);
          else if (found.value.state === 'waiting') return [found.value];
          // Its end was written and the process died before it removed the mark.
          else await unmark(id);
          return [];
        }),
      );
      const order = ({ notification, recordedAt }: OutboxRecord) => `${notification.at} ${recordedAt}`;
      return records.flat().sort((a, b) => order(a).localeCompare(order(b)));
    },
    async newest(limit, onUnreadable) {
      const ids = (await idsIn('outbox/all/')).reverse().slice(0, limit);
      const records = await Promise.all(ids.map((id) => readable(id, onUnreadable)));
      const found = records.flatMap((one) => (typeof one === 'object' ? [one.value] : []));
      // Ids begin with the run, so they are in order between runs only.
      return found.sort((a, b) => b.notification.at.localeCompare(a.notification.at));
    },
    idsOf: async (target) => (await idsIn('outbox/all/')).filter((id) => id.endsWith(`.${target}`)),
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
        const { reason: _reason, endedAt, claim: _claim, ...kept } = seen.value;
        const now = instantText(clock.now());
        const record: OutboxRecord = { ...kept, state: 'waiting', attempts: 0, nextAt: now, recordedAt: now };
        await mark(id);
        if (!(await store.put(recordKey(id), encode(record), { ifMatch: seen.etag })).written) continue;
        // Who has ended it before may remove the first mark after that was set.
        await mark(id);
        if (endedAt !== undefined) await store.delete(deadKey(id, endedAt));
        return record;
      }
    },
  };
}
