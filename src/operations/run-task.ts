import type { Clock } from '@golden-pipeline/shared/clock';
import { createPlan } from '../run/plan.ts';
import type { Plan } from '../run/step.ts';
import type { TaskServices, TaskState, TaskStep } from '../tasks/types.ts';

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
