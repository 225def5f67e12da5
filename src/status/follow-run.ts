import type { Clock } from '@golden-pipeline/shared/clock';
import { PipelineError } from '@golden-pipeline/shared/errors';
import type { EventSink } from '../engine/events.ts';
import type { Ledger } from '../ledger/types.ts';
import { journalEvents } from './journal-events.ts';

/** How often the journal is read, in milliseconds. */
export const followMs = 2000;
/** After so many reads without a new entry it is read whether the run still holds its lock. */
const checkEvery = 5;
/** So many consecutive reads may fail, for a lost connection: half a minute. */
const maxFailures = 15;

/** How following a run ended: with the run, as its process has crashed, or by the signal. */
export type Followed = 'finished' | 'crashed' | 'stopped';

/**
 * Follows a run of another process by its journal, from the first entry on. An entry is written once and never changed, so each read asks
 * for the next one alone: one request every 2 s, and three more
 * every 10 s while nothing happens.
 * @throws errors of the ledger, of the connection after half a minute
 */
export async function followRun(
  ledger: Pick<Ledger, 'journal' | 'journalFrom' | 'findHolder' | 'run'>,
  { app, id }: { app: string; id: string },
  { clock, signal, emit }: { clock: Clock; signal: AbortSignal; emit: EventSink },
): Promise<Followed> {
  const toEvents = journalEvents(id);
  let next = 1;
  let finished = false;
  let failures = 0;
  const patiently = async <T>(read: Promise<T>): Promise<T | undefined> => {
    try {
      const found = await read;
      failures = 0;
      return found;
    } catch (error) {
      // What the ledger itself explains does not pass by waiting.
      if (error instanceof PipelineError || ++failures >= maxFailures) throw error;
      return undefined;
    }
  };
  /** Emits what is new. @returns whether there was something */
  const drain = async (): Promise<boolean> => {
    const entries = (await patiently(next === 1 ? ledger.journal(id) : ledger.journalFrom(id, next))) ?? [];
    next += entries.length;
    for (const event of entries.flatMap(toEvents)) {
      finished = event.code === 'run.finished';
      emit(event);
    }
    return entries.length > 0;
  };
  const stopped = whenAborted(signal);
  for (let idle = 0; !signal.aborted; idle++) {
    if (await drain()) idle = 0;
    if (finished || (idle > 0 && idle % checkEvery === 0)) {
      const end = await Promise.race([patiently(endOf(ledger, { app, id })), stopped]);
      if (end && end !== 'stopped' && !finished) await drain();
      // What its journal says counts where its record could not be written.
      if (end) return end === 'crashed' && finished ? 'finished' : end;
    }
    await clock.sleep(followMs, signal).catch(() => undefined);
  }
  return 'stopped';
}

/** Whether a run has ended, by its record; undefined while it holds its lock. */
async function endOf(
  ledger: Pick<Ledger, 'findHolder' | 'run'>,
  { app, id }: { app: string; id: string },
): Promise<Followed | undefined> {
  const holder = await ledger.findHolder(app);
  const record = await ledger.run(id);
  if (record?.outcome !== undefined) return 'finished';
  return holder?.run === id ? undefined : 'crashed';
}

function whenAborted(signal: AbortSignal): Promise<'stopped'> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve('stopped');
    else signal.addEventListener('abort', () => resolve('stopped'), { once: true });
  });
}
