import type { Clock } from '@golden-pipeline/shared/clock';
import { createPlan } from '../engine/plan.ts';
import type { Plan } from '../engine/step.ts';
import type { Services } from '../fleet/services.ts';
import { rulesOf, takeInventory } from './inventory.ts';
import { confirmStep, type PruneState, removeStep, restoreStep, retireStep, sweepStep } from './steps/prune.ts';
import { targetsOf } from './targets.ts';

/** The procedure: give back, disable, delete what was disabled long enough, end what was left half-way. */
export const pruneSteps = [restoreStep, retireStep, removeStep, sweepStep, confirmStep];

export interface PruneOptions {
  /** Retires images that other accounts may launch, too; EC2 takes their permissions away with that. */
  force: boolean;
}

/**
 * Plans what is to be done with images that are no longer kept: only reads. The run does nothing that the plan does not name,
 * and of that only what everything read anew still calls for.
 * @throws as {@link takeInventory}
 */
export async function planPrune(
  services: Services,
  clock: Clock,
  { force }: PruneOptions,
): Promise<Plan<Services, PruneState>> {
  const { fleet } = services;
  const seen = await takeInventory(services, { now: clock.now(), force });
  const nothing = { restored: [], retired: [], removed: [], half: [], swept: [], freedGb: 0, failures: [] };
  return createPlan<Services, PruneState>({
    operation: 'prune',
    app: fleet.app,
    environment: fleet.environment,
    steps: pruneSteps,
    initial: { ...targetsOf(seen, rulesOf(fleet)), force, ...nothing },
    services,
    clock,
  });
}
