import type { Clock, Timer } from '@golden-pipeline/shared/clock';
import { PipelineError } from '@golden-pipeline/shared/errors';
import { isOverdue, type LeaseWatch, type OnWatch } from './lease-watch.ts';
import { heldError, isFree, leaseMs, lostError, publicRecord, type StoredLock } from './lock-record.ts';
import { thisProcess } from './process-identity.ts';
import { encode, type Read, readRecord } from './records.ts';
import type { Store } from './store.ts';
import type { HeldLock, LockRecord } from './types.ts';

/** How often a heartbeat is sent, in milliseconds. Three may fail before others can take the lock. */
export const heartbeatMs = 15_000;

/** Inputs for taking a lock. */
export interface LockRequest {
  store: Store;
  key: string;
  clock: Clock;
  watch: LeaseWatch;
  /** Called when the lock seems to be abandoned, and is watched for a while before it is taken. */
  onWatch?: OnWatch;
  app: string;
  environment: string;
  owner: string;
  host: string;
  command: string;
  run?: string;
  reason?: string;
}

/** The lease itself; the ledger adds abort requests. */
export interface Lease extends Omit<HeldLock, 'abortRequested'> {
  /** Looks who has the lock. @throws PipelineError `lock.lost` when another run has taken it since; `lost` is aborted then. */
  check(): Promise<void>;
}

/** Takes the lock. @throws PipelineError `lock.held` (outcome `locked`) */
export async function acquireLock(request: LockRequest): Promise<Lease> {
  const { store, key, clock, watch, onWatch } = request;
  for (;;) {
    const { read: before, free } = await watch.find(key, onWatch);
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

/** The owner of a lock, by the clock of this computer, for those who only show it; undefined when it is free. */
export async function lockHolder(store: Store, key: string, clock: Clock): Promise<LockRecord | undefined> {
  const read = await readRecord<StoredLock>(store, key);
  return read && !isFree(read.value) && !isOverdue(read.value, clock.now()) ? publicRecord(read.value) : undefined;
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

/**
 * Sends heartbeats for a lock until it is released or lost. Without them the lease ends, and is renewed as soon as the ledger can be
 * reached again, unless another run has taken the lock by then.
 */
function hold(request: LockRequest, taken: Read<StoredLock>, takenOver: HeldLock['takenOver']): Lease {
  const { store, key, clock } = request;
  const lost = new AbortController();
  let current = taken;
  let released = false;
  let timer: Timer;
  // A change may still be on its way when the lease ends, so the last part of it is not used.
  let validUntil = clock.now() + leaseMs - heartbeatMs;
  let writing: Promise<unknown> = Promise.resolve();

  const check = async (): Promise<Read<StoredLock>> => {
    lost.signal.throwIfAborted();
    const now = await readRecord<StoredLock>(store, key);
    if (now?.value.fence === current.value.fence && !now.value.released) return now;
    const error = lostError(current.value, now?.value);
    lost.abort(error);
    throw error;
  };

  /** Overwrites the own record; a record with another fence means that the lock is lost. */
  const write = async (change: Partial<StoredLock>): Promise<void> => {
    for (;;) {
      const next = { ...current.value, ...change };
      const put = await store.put(key, encode(next), { ifMatch: current.etag });
      if (put.written) {
        current = { value: next, etag: put.etag };
        return;
      }
      // An earlier write took effect although its answer was lost.
      current = await check();
    }
  };

  const renew = async (): Promise<void> => {
    const at = clock.now();
    await write({ heartbeat: new Date(at).toISOString(), expires: new Date(at + leaseMs).toISOString() });
    validUntil = at + leaseMs - heartbeatMs;
  };
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const done = writing.then(work);
    writing = done.catch(() => undefined);
    return done;
  };
  const schedule = () => {
    timer = clock.after(heartbeatMs, async () => {
      // A ledger that does not answer is tried again with the next heartbeat.
      await inTurn(renew).catch(() => undefined);
      if (!released && !lost.signal.aborted) schedule();
    });
  };
  schedule();

  return {
    get record() {
      return publicRecord(current.value);
    },
    ...(takenOver ? { takenOver } : {}),
    lost: lost.signal,
    async check() {
      await check();
    },
    async confirm() {
      const ended = () => clock.now() >= validUntil;
      lost.signal.throwIfAborted();
      // A renewal that took long may have come too late itself.
      while (ended()) await inTurn(async () => (ended() ? renew() : undefined));
    },
    async release() {
      if (released) return;
      released = true;
      timer.cancel();
      await writing;
      if (lost.signal.aborted) return;
      // The record is kept, as the fence must continue to grow.
      await write({ released: true }).catch((error: unknown) => {
        if (!(error instanceof PipelineError && error.code === 'lock.lost')) throw error;
      });
    },
  };
}
