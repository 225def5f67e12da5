import type { Clock } from '@golden-pipeline/shared/clock';
import { instantOf } from '../shared/instant.ts';
import { isFree, leaseMs, publicRecord, type StoredLock } from './lock-record.ts';
import { type Read, readRecord } from './records.ts';
import type { Store } from './store.ts';
import type { LockRecord } from './types.ts';

/** How often a lock that may be abandoned is read, in milliseconds. */
const pollMs = 1000;

/** A lock as it was found. */
export interface FoundLock {
  /** Absent when the app was never locked. */
  read?: Read<StoredLock>;
  /** Why it may be taken over; false while it is held. */
  free: 'new' | 'released' | 'expired' | 'process gone' | false;
}

/** Called once before a wait, with the holder and with the milliseconds that it takes at most. */
export type OnWatch = (holder: LockRecord, ms: number) => void;

/**
 * Decides whether the holder of a lock is gone. The clocks of two computers may differ by minutes, so the times in the record decide
 * nothing: a lease has ended when this process has seen the record unchanged for the length of a lease.
 */
export class LeaseWatch {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #seen = new Map<string, { etag: string; at: number; unchangedMs: number }>();

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /**
   * Reads a lock. One that is overdue by the clock of this computer is watched for up to a lease, until it is renewed or released, or
   * has ended.
   */
  async find(key: string, onWatch?: OnWatch): Promise<FoundLock> {
    let first: string | undefined;
    for (;;) {
      const read = await readRecord<StoredLock>(this.#store, key);
      if (!read) return { free: 'new' };
      const unchangedMs = this.#observe(key, read.etag);
      const free = isFree(read.value) || (unchangedMs >= leaseMs && 'expired');
      if (free) return { read, free };
      if ((first ?? read.etag) !== read.etag || !isOverdue(read.value, this.#clock.now())) return { read, free };
      if (first === undefined) onWatch?.(publicRecord(read.value), leaseMs - unchangedMs);
      first = read.etag;
      await this.#clock.sleep(pollMs);
    }
  }

  /** For how long the record is known to be unchanged, in milliseconds. A clock that is set meanwhile, or a suspended computer, adds little. */
  #observe(key: string, etag: string): number {
    const at = this.#clock.now();
    const before = this.#seen.get(key);
    const passedMs = before?.etag === etag ? Math.min(Math.max(0, at - before.at), 2 * pollMs) : 0;
    const unchangedMs = before?.etag === etag ? before.unchangedMs + passedMs : 0;
    this.#seen.set(key, { etag, at, unchangedMs });
    return unchangedMs;
  }
}

/** Whether a lease has ended by the clock of this computer; also for a damaged time, which would keep the lock forever. */
export function isOverdue(lock: LockRecord, now: number): boolean {
  return !(instantOf(lock.expires) > now);
}
