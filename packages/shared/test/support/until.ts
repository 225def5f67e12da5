import { inspect } from 'node:util';

/** How `until` waits. */
export interface Patience {
  /** How long, in seconds of the host; less than the test's own time-out, which would tell nothing. */
  seconds?: number;
  /** What comes between two looks, such as moving a manual clock; a moment of the host's time by default. */
  pause?: () => Promise<unknown>;
  /** What is waited for, where the functions' own text does not say it. */
  what?: string;
}

/** For tests and hooks that have a minute. */
export const withinAMinute: Patience = { seconds: 50 };

const moment = () => new Promise((resolve) => setTimeout(resolve, 15));

/**
 * Reads until what is read fits, and gives it; without `fits`, until it is true.
 * @throws Error at the place of the call, with what was waited for and what was seen last
 */
export async function until<T>(
  read: () => Promise<T> | T,
  fits: (value: T) => unknown = Boolean,
  { seconds = 15, pause = moment, what }: Patience = {},
): Promise<T> {
  const late = new Error();
  Error.captureStackTrace(late, until);
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const value = await read();
    if (fits(value)) return value;
    if (Date.now() > deadline) {
      const wanted = what ?? (fits === Boolean ? source(read) : `${source(fits)} of ${source(read)}`);
      late.message = `not so within ${seconds} s: ${wanted}; seen last: ${inspect(value, { depth: 5 })}`;
      late.stack = late.stack?.replace(/^Error/, () => `Error: ${late.message}`);
      throw late;
    }
    await pause();
  }
}

/** A function's text on one line. */
function source(fn: (...args: never[]) => unknown): string {
  return String(fn).replace(/\s+/g, ' ').slice(0, 200);
}
