import type { Clock } from '@golden-pipeline/shared/clock';
import { createPlan } from '../engine/plan.ts';
import type { Plan } from '../engine/step.ts';
import type { RollbackHow, RollbackState, RollbackStep, Services } from '../fleet/services.ts';
import { announce } from '../release/steps/announce.ts';
import { decideRollback } from './decide.ts';
import { serveOld } from './steps/confirm-serving.ts';
import { pinOld } from './steps/pin-template.ts';
import { rollbackPreflight } from './steps/preflight.ts';
import { converge } from './steps/replace-switched.ts';
import { rollOld, settleOld, verifyOld } from './steps/roll.ts';
import { flip } from './steps/switch-in-place.ts';
import { settleBack, switchBack } from './steps/switch-traffic.ts';

/** The procedures, by the way that is taken. */
export const rollbackSteps: Record<RollbackHow, readonly RollbackStep[]> = {
  switch: [rollbackPreflight, switchBack, settleBack, announce] as RollbackStep[],
  flip: [rollbackPreflight, pinOld, flip, serveOld, converge, announce] as RollbackStep[],
  roll: [rollbackPreflight, rollOld, settleOld, verifyOld, announce],
};

export interface RollbackOptions {
  /** Without it: the last known-good version before the current one. */
  version?: string;
  /** Goes back to an image that was never known-good, and across irreversible releases, too. */
  force: boolean;
  /** Without it: the fastest way that is open. */
  how?: 'auto' | RollbackHow;
  /** Cancels an active instance refresh first. */
  supersede?: boolean;
  /** Waits until the whole fleet runs the old image. */
  wait?: boolean;
}

/**
 * Plans the way back to a kept image: only reads.
 * @throws PipelineError when there is no such release, its image cannot serve, or something is in the way.
 */
export async function planRollback(
  services: Services,
  clock: Clock,
  options: RollbackOptions,
): Promise<Plan<Services, RollbackState>> {
  const { fleet } = services;
  const decided = await decideRollback(services, options);
  const { facts, target, imageId, way, served, leaves, leftImages, skipped, disabled, drifts } = decided;
  return createPlan<Services, RollbackState>({
    operation: 'fast-rollback',
    app: fleet.app,
    environment: fleet.environment,
    steps: rollbackSteps[way.how],
    initial: {
      ...facts,
      version: target.version,
      commit: target.commit,
      imageId,
      ...(served && { served }),
      leaves,
      ...(skipped.length > 0 && { skipped }),
      leftImages,
      ...(disabled && { disabled }),
      ...(drifts.length > 0 && { drift: drifts.map((one) => one.message) }),
      ...(target.leftAt !== undefined && { again: true }),
      how: way.how,
      why: way.why,
      rejected: way.rejected.map((other) => `${other.how}: ${other.why}`),
      supersede: options.supersede === true,
      wait: options.wait === true,
    },
    services,
    clock,
  });
}
