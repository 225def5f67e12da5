import type { Clock, Timer } from '@golden-pipeline/shared/clock';
import { PipelineError } from '@golden-pipeline/shared/errors';
import { encode, readRecord } from './records.ts';
import type { Store } from './store.ts';
import type { LockRecord } from './types.ts';

/** How often the holder of a lock looks whether somebody wants its run ended, in milliseconds. */
const lookMs = 1000;

/** Somebody wants the run that holds a lock to undo its work and end. */
interface AbortRecord {
  /** Of the lock that is meant: a later holder is not. */
  fence: number;
  by: string;
  reason: string;
  /** ISO time. */
  at: string;
}

/** Asks the holder of a lock to undo its work and end. It sees that within a second, wherever it runs. */
export async function writeAbort(
  store: Store,
  key: string,
  lock: LockRecord,
  { by, reason, at }: Omit<AbortRecord, 'fence'>,
): Promise<void> {
  const record: AbortRecord = { fence: lock.fence, by, reason, at };
  await store.put(key, encode(record), 'always');
}

/** Watches for such a request to the holder of `fence`; aborts with code `run.aborted` naming who asks and why. */
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
    // A ledger that does not answer is the heartbeat's concern.
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
