import type { Clock } from '@golden-pipeline/shared/clock';
import { createRedact, type Redact } from '../shared/redact.ts';
import { apply, type JournalEntry, type NewEntry, type Replay, replay } from './journal.ts';

/** Where journals are kept; the ledger is one. */
export interface JournalStore {
  appendJournal(run: string, sequence: number, entry: unknown): Promise<void>;
  journal(run: string): Promise<unknown[]>;
}

/** The journal of one run, open for writing. */
export interface Journal {
  /** What is written so far. */
  readonly known: Replay;
  /** Writes an entry, without secrets, and resolves with its sequence number once it is stored. Rejects as the store does. */
  write(entry: NewEntry): Promise<number>;
}

/**
 * Opens the journal of a run, new or begun by an earlier process.
 * Entries are stored one after the other in the order of the calls, also when changes run side by side.
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
