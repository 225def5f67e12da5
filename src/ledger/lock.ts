import type { Clock, Timer } from '@golden-pipeline/shared/clock';
import { PipelineError } from '@golden-pipeline/shared/errors';
import { instantOf } from '../shared/instant.ts';
import { heldError, isFree, lostError, type StoredLock } from './lock-record.ts';
import { thisProcess } from './process-identity.ts';
import { encode, type Read, readRecord } from './records.ts';
import type { Store } from './store.ts';
import type { HeldLock, LockRecord } from './types.ts';

/**
 * How long a lock lasts without a heartbeat, and how often one is sent. Three heartbeats may fail before others can
 * take it.
 */
export const leaseMs = 60_000;
export const heartbeatMs = 15_000;

/** Inputs for taking a lock. */
export interface LockRequest {
  store: Store;
  key: string;
  clock: Clock;
  app: string;
  environment: string;
  owner: string;
  host: string;
  command: string;
  run?: string;
  reason?: string;
}

/** The lease itself; the ledger adds abort requests. */
export type Lease = Omit<HeldLock, 'abortRequested'>;

/** Takes the lock. @throws PipelineError `lock.held` (outcome `locked`) */
export async function acquireLock(request: LockRequest): Promise<Lease> {
  const { store, key, clock } = request;
  for (;;) {
    const before = await readRecord<StoredLock>(store, key);
    const free = before === undefined ? true : isFree(before.value, clock.now());
    if (before && free === false) throw heldError(before.value, clock.now());
    const record = newRecord(request, (before?.value.fence ?? 0) + 1);
    const put = await store.put(key, encode(record), before ? { ifMatch: before.etag } : 'if-absent');
    if (!put.written) continue;
    const takenOver =
      before && (free === 'expired' || free === 'process gone')
        ? { from: publicRecord(before.value), why: free }
        : undefined;
    return hold(request, { value: record, etag: put.etag }, takenOver);
  }
}

/** The owner of a lock; undefined when it is free. */
export async function lockHolder(store: Store, key: string, clock: Clock): Promise<LockRecord | undefined> {
  const read = await readRecord<StoredLock>(store, key);
  return read && isFree(read.value, clock.now()) === false ? publicRecord(read.value) : undefined;
}

/** @throws PipelineError `lock.lost` when another run has taken the lock since. */
export async function checkFence(store: Store, key: string, held: LockRecord): Promise<void> {
  const read = await readRecord<StoredLock>(store, key);
  if (read?.value.fence !== held.fence || read.value.released) throw lostError(held, read?.value);
}

function newRecord(
  { app, environment, owner, host, command, run, reason, clock }: LockRequest,
  fence: number,
): StoredLock {
  const since = new Date(clock.now()).toISOString();
  const expires = new Date(clock.now() + leaseMs).toISOString();
  const why = { ...(run === undefined ? {} : { run }), ...(reason === undefined ? {} : { reason }) };
  return {
    app,
    environment,
    owner,
    host,
    command,
    ...why,
    since,
    heartbeat: since,
    expires,
    fence,
    process: thisProcess(),
  };
}

function publicRecord({ process: _process, released: _released, ...record }: StoredLock): LockRecord {
  return record;
}

/** Sends heartbeats for a lock until it is released or lost. */
function hold(request: LockRequest, taken: Read<StoredLock>, takenOver: HeldLock['takenOver']): Lease {
  const { store, key, clock } = request;
  const lost = new AbortController();
  let current = taken;
  let released = false;
  let timer: Timer;
  let beating: Promise<void> = Promise.resolve();

  /** Overwrites the own record; a record with another fence means that the lock is lost. */
  const write = async (next: StoredLock): Promise<void> => {
    const put = await store.put(key, encode(next), { ifMatch: current.etag });
    if (put.written) {
      current = { value: next, etag: put.etag };
      return;
    }
    const now = await readRecord<StoredLock>(store, key);
    if (now?.value.fence !== current.value.fence || now.value.released) throw lostError(current.value, now?.value);
    // The write took effect although its answer was lost.
    current = now;
  };

  const beat = async (): Promise<void> => {
    const at = clock.now();
    const heartbeat = new Date(at).toISOString();
    const expires = new Date(at + leaseMs).toISOString();
    try {
      await write({ ...current.value, heartbeat, expires });
    } catch (error) {
      const isLost = error instanceof PipelineError && error.code === 'lock.lost';
      // A store that does not answer is retried, but only as long as nobody else may take the lock.
      if (isLost) lost.abort(error);
      else if (clock.now() + heartbeatMs >= instantOf(current.value.expires)) lost.abort(lostError(current.value));
    }
    if (!released && !lost.signal.aborted) schedule();
  };
  const schedule = () => {
    timer = clock.after(heartbeatMs, () => {
      beating = beat();
    });
  };
  schedule();

  return {
    get record() {
      return publicRecord(current.value);
    },
    ...(takenOver ? { takenOver } : {}),
    lost: lost.signal,
    async release() {
      if (released) return;
      released = true;
      timer.cancel();
      await beating;
      if (lost.signal.aborted) return;
      // The record is kept, as the fence must continue to grow.
      await write({ ...current.value, released: true }).catch((error: unknown) => {
        if (!(error instanceof PipelineError && error.code === 'lock.lost')) throw error;
      });
    },
  };
}
