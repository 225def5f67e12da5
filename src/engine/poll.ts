import type { Clock } from '@golden-pipeline/shared/clock';
import { PipelineError } from '@golden-pipeline/shared/errors';

/** The explanation of a wait that has timed out. */
export interface Explanation {
  /** Sentences without full stops, the root cause first. */
  causes: string[];
  /** The fix for the first of them that has one. */
  fix?: string;
}

/** One wait for a condition. */
export interface PollRequest<T> {
  /** What the wait is for, for the time-out message: `image ami-1 to become available`. */
  what: string;
  /** Reads the state; an exception ends the wait. */
  read: () => Promise<T>;
  /** True ends the wait; throw when it can never come true. */
  until: (value: T) => boolean;
  everyMs: number;
  timeoutMs: number;
  /** Called after each reading that was not the last. */
  progress?: (value: T) => void;
  /** Called once on time-out, for the error's details and fix. If it fails, the error has none. */
  explain?: (last: T) => Promise<Explanation> | Explanation;
}

/**
 * Resolves with the first value that is accepted; rejects with code `wait.timeout` at the deadline, or as soon as the
 * run is interrupted.
 */
export type Poll = <T>(request: PollRequest<T>) => Promise<T>;

/**
 * The one poller of the product. The pause varies by a tenth, so that concurrent runs do not send their calls at the
 * same time.
 * @param random Numbers in [0, 1), injected so that tests are exact.
 * @param outageMs Milliseconds without a connection so far: while there is none, deadlines stand still.
 */
export function createPoll(
  clock: Clock,
  signal?: AbortSignal,
  random: () => number = Math.random,
  outageMs: () => number = () => 0,
): Poll {
  return async ({ what, read, until, everyMs, timeoutMs, progress, explain }) => {
    const began = clock.now() - outageMs();
    for (;;) {
      signal?.throwIfAborted();
      const value = await read();
      if (until(value)) return value;
      progress?.(value);
      const remainingMs = began + timeoutMs - (clock.now() - outageMs());
      if (remainingMs <= 0) {
        const { causes, fix } = await explanationOf(value, explain);
        signal?.throwIfAborted();
        throw new PipelineError('wait.timeout', `gave up waiting for ${what} after ${Math.round(timeoutMs / 1000)} s`, {
          details: causes,
          fix: fix ?? 'if it only needs longer, raise the matching value under release.timeouts',
        });
      }
      await clock.sleep(Math.min(everyMs * (0.9 + random() * 0.2), remainingMs), signal);
    }
  };
}

async function explanationOf<T>(value: T, explain: PollRequest<T>['explain']): Promise<Explanation> {
  try {
    return (await explain?.(value)) ?? { causes: [] };
  } catch {
    return { causes: [] };
  }
}

/** True for an error of a wait that has timed out. */
export function isTimeout(error: unknown): error is PipelineError {
  return error instanceof PipelineError && error.code === 'wait.timeout';
}
