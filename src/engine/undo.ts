import { messageOf, PipelineError } from '@golden-pipeline/shared/errors';
import { changesOf, isConflict, openContext, type RunScope } from './context.ts';
import { failureFacts } from './outcome.ts';
import type { Step } from './step.ts';

/** What an undo, or a completion, of several steps has left. */
export interface Undone {
  /** One line for each step that failed, and what else is to be known. */
  leftovers: string[];
  /** It stopped for lack of a connection: it can be continued when there is one. */
  disconnected?: boolean;
}

/**
 * Undoes the steps that changed something, the last first. An undo that fails does not stop the others, unless it fails for lack of a
 * connection: what an earlier step made may still be in use by what a later one has changed.
 * @param onUndone Called for each step that was undone.
 */
export async function undoAll<Services, State>(
  steps: readonly Step<Services, State>[],
  scope: RunScope<Services>,
  onUndone: (step: string) => void,
): Promise<Undone> {
  const leftovers: string[] = [];
  for (const step of [...steps].reverse()) {
    const changed = changesOf(scope.journal, step.id).some((change) => !change.undoing);
    if (!step.undo || !changed) continue;
    // By an earlier process of this run; what is there now may belong to somebody else.
    if (scope.journal.known.steps.get(step.id) === 'undone') {
      onUndone(step.id);
      continue;
    }
    const abandoned = scope.connection?.abandoned;
    const error = await undoStep(step, scope);
    if (error && scope.connection?.abandoned !== abandoned && !scope.lost.aborted) {
      const { app } = scope.run;
      leftovers.push(
        leftoverText(step.title, error.reason),
        `there was no connection to undo this and the steps before it; once there is one: pipeline abort ${app}`,
      );
      return { leftovers, disconnected: true };
    }
    if (!error) {
      onUndone(step.id);
      continue;
    }
    leftovers.push(leftoverText(step.title, error.reason));
    if (scope.lost.aborted || isConflict(error.reason)) {
      leftovers.push('the other steps were not undone: another process has taken over');
      break;
    }
  }
  return { leftovers };
}

/** What was not undone or completed, why, and how to go on where that is known. */
export function leftoverText(title: string, reason: unknown): string {
  const fix = reason instanceof PipelineError ? reason.fix : undefined;
  return `${title}: ${messageOf(reason)}${fix === undefined ? '' : `; fix: ${fix}`}`;
}

async function undoStep<Services, State>(
  step: Step<Services, State>,
  scope: RunScope<Services>,
): Promise<{ reason: unknown } | undefined> {
  const { clock, emit, journal } = scope;
  const began = clock.now();
  const { context, close } = openContext<Services, State>(scope, step.id, 'undo');
  // Entries that only mark progress may be lost; the undo itself matters more.
  const mark = (type: 'undo.started' | 'undo.finished') =>
    journal.write({ type, step: step.id }).catch((error: unknown) => {
      if (isConflict(error)) throw error;
    });
  emit({ code: 'undo.started', step: step.id, title: step.title });
  try {
    await mark('undo.started');
    await step.undo?.(context);
    await close();
    await mark('undo.finished');
    emit({ code: 'undo.finished', step: step.id, seconds: (clock.now() - began) / 1000 });
    return undefined;
  } catch (reason) {
    await close();
    const { code, message } = failureFacts(reason);
    emit({ code: 'undo.failed', step: step.id, error: { code, message } });
    await journal.write({ type: 'undo.failed', step: step.id, error: { code, message } }).catch(() => undefined);
    return { reason };
  }
}
