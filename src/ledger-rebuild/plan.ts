import type { Clock } from '@golden-pipeline/shared/clock';
import { createPlan } from '../engine/plan.ts';
import type { Plan } from '../engine/step.ts';
import type { Services } from '../fleet/services.ts';
import { type RebuildState, readMissing, rebuildStep } from './rebuild.ts';

/** The procedure. */
export const rebuildSteps = [rebuildStep];

/** Plans to add the records that a ledger lacks, from the tags of the golden images: only reads. */
export async function planRebuild(services: Services, clock: Clock): Promise<Plan<Services, RebuildState>> {
  const { app, environment } = services.fleet;
  return createPlan<Services, RebuildState>({
    operation: 'rebuild-ledger',
    app,
    environment,
    steps: rebuildSteps,
    initial: { ...(await readMissing(services)), added: [] },
    services,
    clock,
  });
}
