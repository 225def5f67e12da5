import type { Clock } from '@golden-pipeline/shared/clock';
import { isThrottlingError, isTransientError } from '@smithy/core/retry';

/** As the SDK waits between two attempts, in milliseconds: at most the base at first, then twice as long each time, up to 20 s. */
const base = { throttled: 500, other: 100 };
const longest = 20_000;

/**
 * Makes a call as the SDK's standard retry mode does: what is throttled, cut off or failed on the service's side is sent again, the same
 * request each time. So when an answer is lost the change is made, and the same call is made once more.
 * @param call One attempt.
 * @param most How many attempts there are.
 * @throws what the last attempt failed of
 */
export async function attempts<T>(
  call: (attempt: number) => Promise<T>,
  { clock, most, random }: { clock: Pick<Clock, 'sleep'>; most: number; random: () => number },
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call(attempt);
    } catch (error) {
      const failure = error as Parameters<typeof isThrottlingError>[0];
      const throttled = isThrottlingError(failure);
      if (attempt >= most || !(throttled || isTransientError(failure))) throw error;
      const first = throttled ? base.throttled : base.other;
      await clock.sleep(random() * Math.min(longest, first * 2 ** (attempt - 1)));
    }
  }
}
