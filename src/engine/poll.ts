import type { Clock } from '@golden-pipeline/shared/clock';
import { PipelineError } from '@golden-pipeline/shared/errors';

/** What the cloud says about a wait that has given up. */
export interface Explanation {
  /** Sentences without their full stops, the cause of the others first. */
  causes: string[];
  /** What to do about the first of them that something can be done about. */
  fix?: string;
}

/** One wait for a condition. */
export interface PollRequest<T> {
  /** What is awaited, for the time-out's message: `image ami-1 to become available`. */
  what: string;
  /** Reads the state; a throw ends the wait. */
  read: () => Promise<T>;
  /** True ends the wait; throw when it can never come true. */
  until: (value: T) => boolean;
  everyMs: number;
  timeoutMs: number;
  /** Called after each reading that was not the last. */
  progress?: (value: T) => void;
  /** Asked once when the wait gives up, for the error's details and hint. One that cannot be had explains nothing. */
  explain?: (last: T) => Promise<Explanation> | Explanation;
}

/** Resolves with the first value that fits; rejects with code `wait.timeout` at the deadline, or as soon as the run is interrupted. */
export type Poll = <T>(request: PollRequest<T>) => Promise<T>;

/**
 * The one poller of the product. The pause varies by a tenth either way, so that many runs do not ask in step.
 * @param random Numbers in [0, 1), injected so that tests are exact.
 */
export function createPoll(clock: Clock, signal?: AbortSignal, random: () => number = Math.random): Poll {
  return async ({ what, read, until, everyMs, timeoutMs, progress, explain }) => {
    const deadline = clock.now() + timeoutMs;
    for (;;) {
      signal?.throwIfAborted();
      const value = await read();
      if (until(value)) return value;
      progress?.(value);
      const left = deadline - clock.now();
      if (left <= 0) {
        const { causes, fix } = await explanationOf(value, explain);
        signal?.throwIfAborted();
        throw new PipelineError('wait.timeout', `gave up waiting for ${what} after ${Math.round(timeoutMs / 1000)} s`, {
          details: causes,
          hint: fix ?? 'if it only needs longer, raise the matching value under release.timeouts',
        });
      }
      await clock.sleep(Math.min(everyMs * (0.9 + random() * 0.2), left), signal);
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

/** Whether a wait has ended at its deadline. */
export function isTimeout(error: unknown): error is PipelineError {
  return error instanceof PipelineError && error.code === 'wait.timeout';
}
