import { isTimeout } from '../engine/poll.ts';
import type { RunContext } from '../engine/step.ts';

/**
 * How long EC2 may not show yet what it has just made, in milliseconds: its readings are eventually consistent. As long as an
 * image is awaited whose CreateImage was not answered.
 */
const unseen = { everyMs: 1000, timeoutMs: 20_000 };

/** What `read` finds as soon as it finds anything; undefined when nothing shows in 20 s, so that it may be taken for absent. */
export async function whenVisible<T>(
  context: Pick<RunContext<unknown, unknown>, 'poll'>,
  what: string,
  read: () => Promise<T | undefined>,
): Promise<T | undefined> {
  try {
    return await context.poll({ what, read, until: (found) => found !== undefined, ...unseen });
  } catch (error) {
    if (isTimeout(error)) return undefined;
    throw error;
  }
}
