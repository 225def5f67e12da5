import { messageOf } from '@golden-pipeline/shared/errors';
import type { RunContext } from '../engine/step.ts';

/** Time before the second attempt, in milliseconds: a service that refuses a call for a moment does so for some seconds. */
const pauseMs = 5000;

/**
 * Does repeatable work that only makes calls, and once more when one has failed: where nothing undoes a rollback any more, giving up leaves
 * the fleet between two versions.
 * @throws what the second attempt throws; what the first one does when the run was interrupted meanwhile
 */
export async function withSecondAttempt<
  Context extends Pick<RunContext<unknown, unknown>, 'clock' | 'signal' | 'note'>,
>(context: Context, work: (context: Context) => Promise<void>): Promise<void> {
  try {
    await work(context);
  } catch (error) {
    if (context.signal.aborted) throw error;
    context.note(`${messageOf(error)}; trying once more`);
    await context.clock.sleep(pauseMs, context.signal);
    await work(context);
  }
}
