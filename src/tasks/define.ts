import { usageError } from '@golden-pipeline/shared/errors';
import { show } from '@golden-pipeline/shared/text';
import type { Inputs, Values } from './inputs.ts';
import type { Task, TaskBody, TaskDefinition, TaskStep } from './types.ts';

/**
 * Defines a task. Its inputs give the types of the functions, the help and the checks of the command line.
 * Changes are made through `context.change(...)`, so that they are journaled and can be undone.
 * @throws usage error `task.definition` for positional inputs that no command line could give
 */
export function defineTask<A extends Inputs = Record<never, never>, O extends Inputs = Record<never, never>>(
  task: TaskDefinition<A, O> & TaskBody<Values<A> & Values<O>>,
): Task {
  type I = Values<A> & Values<O>;
  const { summary, arguments: positional = {}, options = {}, undoneBy } = task;
  assertPositional(summary, positional);
  const single = (inputs: I, fleet: Parameters<Task['steps']>[1]): TaskStep[] => {
    if ('steps' in task) return [];
    const { undo } = task;
    return [
      {
        id: 'do',
        title: summary.charAt(0).toUpperCase() + summary.slice(1),
        describe: () => task.describe(inputs, fleet),
        run: (context) => task.run(context, inputs),
        ...(undo ? { undo: (context) => undo(context, inputs) } : {}),
      },
    ];
  };
  return {
    summary,
    arguments: positional,
    options,
    steps: (inputs, fleet) => ('steps' in task ? task.steps(inputs as I, fleet) : single(inputs as I, fleet)),
    ...(undoneBy ? { undoneBy: (inputs) => undoneBy(inputs as I) } : {}),
  };
}

/** A flag in the place of a value would be on whatever stands there, and what follows one that may be left out could not be told from it. */
function assertPositional(summary: string, inputs: Inputs): void {
  const names = Object.keys(inputs);
  const flagged = names.find((name) => inputs[name]?.flag);
  if (flagged !== undefined) {
    const problem = `the task ${show(summary)} has the flag ${flagged} among its arguments`;
    throw usageError('task.definition', problem, 'make it one of its options');
  }
  const misplaced = names.find(
    (name, index) => !inputs[name]?.optional && names.slice(0, index).some((one) => inputs[one]?.optional),
  );
  if (misplaced === undefined) return;
  const problem = `the task ${show(summary)} has the argument ${misplaced} after one that may be left out`;
  throw usageError('task.definition', problem, 'put those that may be left out last');
}

/** True for what {@link defineTask} makes, also when another copy of this product made it. */
export function isTask(value: unknown): value is Task {
  if (typeof value !== 'object' || value === null) return false;
  const { summary, arguments: positional, options, steps } = value as Partial<Record<keyof Task, unknown>>;
  return (
    typeof summary === 'string' &&
    typeof positional === 'object' &&
    typeof options === 'object' &&
    typeof steps === 'function'
  );
}
