import { isConflict, openContext, type RunScope } from './context.ts';
import { failureFacts } from './outcome.ts';
import type { Step } from './step.ts';
import { leftoverText, type Undone } from './undo.ts';

/**
 * Makes whole what a run has committed, with what the steps behind its commit still have to do; see {@link Step.complete}. One that fails
 * does not stop the others, unless another process has taken over, or there is no connection.
 */
export async function completeAll<Services, State>(
  steps: readonly Step<Services, State>[],
  scope: RunScope<Services>,
): Promise<Undone> {
  const { journal } = scope;
  const leftovers: string[] = [];
  const command = `pipeline abort ${scope.run.app}`;
  for (const { id, title, complete } of steps) {
    const { context, close } = openContext<Services, State>(scope, id, 'complete');
    scope.emit({ code: 'step.note', step: id, message: `completed although the run has stopped: ${title}` });
    const abandoned = scope.connection?.abandoned;
    try {
      await complete?.(context);
      await close();
      if (journal.known.incomplete.has(id)) await journal.write({ type: 'completion.finished', step: id });
    } catch (error) {
      await close();
      const reason = leftoverText(title, error);
      if (scope.lost.aborted || isConflict(error)) return { leftovers: [...leftovers, reason] };
      if (scope.connection?.abandoned !== abandoned) {
        leftovers.push(
          reason,
          `there was no connection to complete this and the steps after it; once there is one: ${command}`,
        );
        return { leftovers, disconnected: true };
      }
      // Only by this another process knows that there is something left to complete.
      const { code, message } = failureFacts(error);
      await journal.write({ type: 'completion.failed', step: id, error: { code, message } }).catch(() => undefined);
      leftovers.push(`${reason}; ${command} tries it again`);
    }
  }
  return { leftovers };
}
