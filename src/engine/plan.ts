import type { Clock } from '@golden-pipeline/shared/clock';
import type { Plan, Step } from './step.ts';

/** Inputs of a plan. */
export interface PlanRequest<Services, State> {
  /** `release`, `fast-rollback` ... */
  operation: string;
  app: string;
  environment: string;
  /** In the order of the procedure; ids are unique. */
  steps: readonly Step<Services, State>[];
  /** Initial facts of the run, plain data without secrets. */
  initial: State;
  services: Services;
  clock: Clock;
}

/**
 * Builds the plan of an operation. It calls `describe` of every step in order, which only reads. It rejects when a
 * `describe` does, e.g. when the plan is impossible.
 */
export async function createPlan<Services, State>(
  request: PlanRequest<Services, State>,
): Promise<Plan<Services, State>> {
  const { operation, app, environment, steps, initial, services, clock } = request;
  const described: Record<string, string[]> = {};
  for (const step of steps) {
    if (Object.hasOwn(described, step.id)) throw new Error(`two steps of ${operation} are called ${step.id}`);
    described[step.id] = await step.describe({ services, state: initial, clock });
  }
  return { operation, app, environment, steps: [...steps], initial, described };
}
