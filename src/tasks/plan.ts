import type { Clock } from '@golden-pipeline/shared/clock';
import { createPlan } from '../engine/plan.ts';
import type { Plan } from '../engine/step.ts';
import type { TaskServices, TaskState, TaskStep } from './types.ts';

/** Plans a task: only reads. */
export async function planTask(
  services: TaskServices,
  clock: Clock,
  { name, steps, inputs }: { name: string; steps: readonly TaskStep[]; inputs: Record<string, unknown> },
): Promise<Plan<TaskServices, TaskState>> {
  const { fleet } = services;
  return createPlan<TaskServices, TaskState>({
    operation: name,
    app: fleet.app,
    environment: fleet.environment,
    steps,
    initial: { inputs },
    services,
    clock,
  });
}
