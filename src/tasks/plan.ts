import type { Clock } from '@golden-pipeline/shared/clock';
import { createPlan } from '../engine/plan.ts';
import type { Plan } from '../engine/step.ts';
import type { Services } from '../fleet/services.ts';
import type { TaskState, TaskStep } from './types.ts';

/** Plans a task: only reads. */
export async function planTask(
  services: Services,
  clock: Clock,
  { name, steps, inputs }: { name: string; steps: readonly TaskStep[]; inputs: Record<string, unknown> },
): Promise<Plan<Services, TaskState>> {
  const { fleet } = services;
  return createPlan<Services, TaskState>({
    operation: name,
    app: fleet.app,
    environment: fleet.environment,
    steps,
    initial: { inputs },
    services,
    clock,
  });
}
