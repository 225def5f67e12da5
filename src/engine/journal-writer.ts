import type { Clock } from '@golden-pipeline/shared/clock';
import { createRedact, type Redact } from '../shared/redact.ts';
import { apply, type JournalEntry, type NewEntry, type Replay, replay } from './journal.ts';

/** A store of journals, such as the ledger. */
export interface JournalStore {
  appendJournal(run: string, sequence: number, entry: unknown): Promise<void>;
  journal(run: string): Promise<unknown[]>;
}

/** The journal of one run, open for writing. */
export interface Journal {
  /** The contents so far. */
  readonly known: Replay;
  /** Writes an entry, without secrets, and resolves with its sequence number once it is stored. Rejects as the store does. */
  write(entry: NewEntry): Promise<number>;
}

/**
 * Opens the journal of a run, new or started by an earlier process. Entries are stored one after the other in the order
 * of the calls, also for concurrent changes.
 */
export async function openJournal(
  store: JournalStore,
  run: string,
  clock: Clock,
  redact: Redact = createRedact(),
): Promise<Journal> {
  const known = replay(await store.journal(run));
  let last: Promise<unknown> = Promise.resolve();
  const append = async (entry: NewEntry): Promise<number> => {
    const sequence = known.next;
    const whole = redact({ ...entry, sequence, at: clock.now() } as JournalEntry);
    await store.appendJournal(run, sequence, whole);
    apply(known, whole);
    return sequence;
  };
  return {
    known,
    write(entry) {
      const written = last.then(() => append(entry));
      last = written.catch(() => undefined);
      return written;
    },
  };
}
