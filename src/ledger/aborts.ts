import type { Clock, Timer } from '@golden-pipeline/shared/clock';
import { PipelineError } from '@golden-pipeline/shared/errors';
import { encode, readRecord } from './records.ts';
import type { Store } from './store.ts';
import type { LockRecord } from './types.ts';

/** How often the owner of a lock checks for an abort request, in milliseconds. */
const lookMs = 1000;

/** A request that the run holding a lock undo its work and exit. */
interface AbortRecord {
  /** Fencing token of the lock; a later owner is not affected. */
  fence: number;
  by: string;
  reason: string;
  /** ISO time. */
  at: string;
}

/**
 * Requests that the owner of a lock undo its work and exit. The owner sees the request within a second, on any host.
 */
export async function writeAbort(
  store: Store,
  key: string,
  lock: LockRecord,
  { by, reason, at }: Omit<AbortRecord, 'fence'>,
): Promise<void> {
  const record: AbortRecord = { fence: lock.fence, by, reason, at };
  await store.put(key, encode(record), 'always');
}

/**
 * Watches for such a request to the owner of `fence`; aborts with code `run.aborted`, with who requested it and why.
 */
export function watchAborts(
  store: Store,
  key: string,
  fence: number,
  clock: Clock,
): { signal: AbortSignal; stop(): void } {
  const asked = new AbortController();
  let stopped = false;
  let timer: Timer;
  const look = async (): Promise<void> => {
    // The heartbeat handles a ledger that does not answer.
    const request = await readRecord<AbortRecord>(store, key).catch(() => undefined);
    if (stopped) return;
    if (request?.value.fence !== fence) return schedule();
    const { by, reason } = request.value;
    asked.abort(new PipelineError('run.aborted', `aborted by ${by} for ${reason}`, { outcome: 'interrupted' }));
  };
  const schedule = (): void => {
    timer = clock.after(lookMs, () => void look());
  };
  schedule();
  return {
    signal: asked.signal,
    stop() {
      stopped = true;
      timer.cancel();
    },
  };
}
