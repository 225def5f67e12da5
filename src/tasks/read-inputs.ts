import { usageError } from '@golden-pipeline/shared/errors';
import type { Task } from './types.ts';

/**
 * Reads a task's inputs from texts: positional ones in their order, options by name (flags are true).
 * @throws usage errors `task.missing`, `task.too-many`, `task.input`
 */
export function readInputs(
  task: Task,
  given: { positional: readonly string[]; options: Readonly<Record<string, unknown>> },
  usage: string,
): Record<string, unknown> {
  const names = Object.keys(task.arguments);
  const inputs: Record<string, unknown> = {};
  for (const [index, name] of names.entries()) {
    const input = task.arguments[name];
    const value = given.positional[index];
    if (value !== undefined) inputs[name] = input?.read(value, name);
    else if (!input?.optional) throw usageError('task.missing', `${name} is missing: ${input?.description}`, usage);
  }
  const extra = given.positional[names.length];
  if (extra !== undefined)
    throw usageError('task.too-many', `${JSON.stringify(extra)} is one argument too many`, usage);
  for (const [name, input] of Object.entries(task.options)) {
    const value = given.options[name];
    if (value === undefined) {
      if (!input.optional) throw usageError('task.missing', `--${name} is missing: ${input.description}`, usage);
    } else inputs[name] = input.flag ? true : input.read(String(value), `--${name}`);
  }
  return inputs;
}

/** One line that shows how a task is called. */
export function usageOf(app: string, name: string, task: Task): string {
  const words = Object.entries(task.arguments).map(([key, one]) => (one.optional ? `[${key}]` : `<${key}>`));
  const options = Object.entries(task.options).map(([key, one]) => {
    const text = one.flag ? `--${key}` : `--${key} <${one.placeholder}>`;
    return one.optional ? `[${text}]` : text;
  });
  return ['pipeline', app, name, ...words, ...options].join(' ');
}
