/** A pending timer; canceling one that has fired does nothing. */
export interface Timer {
  cancel(): void;
}

/** The only source of time in the product, so that tests need no real waiting. All values are milliseconds. */
export interface Clock {
  /** Milliseconds since the epoch, in this clock's own time. */
  now(): number;
  /** Calls `fn` once after `ms` of this clock's time. */
  after(ms: number, fn: () => void): Timer;
  /** Resolves after `ms` of this clock's time; rejects with `signal.reason` as soon as `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The host's own time, or with `factor` > 1 a time that runs that much faster (a scaled clock for simulated fleets). */
export function systemClock(factor = 1): Clock {
  const start = Date.now();
  const after = (ms: number, fn: () => void): Timer => {
    const handle = setTimeout(fn, Math.max(0, ms / factor));
    return { cancel: () => clearTimeout(handle) };
  };
  return { now: () => start + (Date.now() - start) * factor, after, sleep: (ms, signal) => sleepOn(after, ms, signal) };
}

/** Builds `sleep` from `after`, for every clock alike. */
export function sleepOn(after: Clock['after'], ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      timer.cancel();
      reject(signal?.reason);
    };
    const timer = after(ms, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
