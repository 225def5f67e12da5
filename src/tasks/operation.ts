import type { Operation } from '../engine/operation.ts';
import type { Services } from '../fleet/services.ts';
import type { Task, TaskState } from './types.ts';

/** A run of a team's own task. It is left to whoever started it: nobody else knows what it is for. */
export function taskOperation(name: string, task: Task): Operation<Services, TaskState> {
  return {
    name,
    preemptible: false,
    changesVersion: false,
    onInterrupted: 'ignore',
    steps: ({ inputs }, { services }) => task.steps(inputs, services.fleet),
    summary: ({ inputs }) => ({ task: name, inputs }),
    undoCommand({ inputs }, { fleet }) {
      const undone = task.undoneBy?.(inputs);
      return undone && `pipeline ${fleet.app} ${undone}`;
    },
  };
}
