import { messageOf } from '@golden-pipeline/shared/errors';
import { isConflict, openContext, type RunScope } from './context.ts';
import type { Step } from './step.ts';

/**
 * Makes whole what a run has committed, with what the steps behind its commit still have to do; see {@link Step.complete}. One that fails
 * does not stop the others, unless another process has taken over.
 * @returns one line for each step that could not be completed
 */
export async function completeAll<Services, State>(
  steps: readonly Step<Services, State>[],
  scope: RunScope<Services>,
): Promise<string[]> {
  const leftovers: string[] = [];
  for (const { id, title, complete } of steps) {
    const { context, close } = openContext<Services, State>(scope, id, 'complete');
    scope.emit({ code: 'step.note', step: id, message: `completed although the run has stopped: ${title}` });
    try {
      await complete?.(context);
      await close();
    } catch (error) {
      await close();
      leftovers.push(`${title}: ${messageOf(error)}`);
      if (scope.lost.aborted || isConflict(error)) break;
    }
  }
  return leftovers;
}
