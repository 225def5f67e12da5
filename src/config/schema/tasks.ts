import { z } from 'zod';
import { shaped } from './values.ts';

/** A task in the configuration; the schema does not check what it does. */
export interface AnyTask {
  readonly summary: string;
  readonly arguments: object;
  readonly options: object;
  steps(inputs: never, fleet: never): unknown;
}

export const taskNamePattern = /^[a-z][a-z0-9-]{0,40}$/;

function looksLikeTask(value: unknown): value is AnyTask {
  if (typeof value !== 'object' || value === null) return false;
  const { summary, steps } = value as Partial<AnyTask>;
  return typeof summary === 'string' && typeof steps === 'function';
}

export const tasksSection = z
  .record(
    shaped(taskNamePattern, 'a lower-case letter, then up to 40 lower-case letters, digits and hyphens'),
    z.custom<AnyTask>(looksLikeTask, { error: 'what defineTask({ ... }) or a ready task gives' }),
    { error: 'tasks by name in { }' },
  )
  .describe('Tasks of the app by name: `pipeline <app> <task>`.');
