import type { Clock } from '@golden-pipeline/shared/clock';
import { createPlan } from '../engine/plan.ts';
import type { Plan } from '../engine/step.ts';
import type { Services } from '../fleet/services.ts';
import { announce } from '../release/steps/announce.ts';
import { withEvidence } from '../release/with-evidence.ts';
import { decideRollback } from './decide.ts';
import type { RollbackMethod, RollbackState, RollbackStep } from './state.ts';
import { confirmServingInPlace } from './steps/confirm-serving.ts';
import { pinTemplateVersion } from './steps/pin-template.ts';
import { rollbackPreflight } from './steps/preflight.ts';
import { replaceSwitched } from './steps/replace-switched.ts';
import { confirmServing, rollBackFleet, verifyRolledBack } from './steps/roll.ts';
import { switchInPlace } from './steps/switch-in-place.ts';
import { switchTraffic, transferSettings } from './steps/switch-traffic.ts';

/** Its name in records and journals. */
export const rollbackName = 'fast-rollback';

/** The procedures, by method. */
export const rollbackSteps: Record<RollbackMethod, readonly RollbackStep[]> = {
  switch: [rollbackPreflight, switchTraffic, transferSettings, announce],
  'in-place': [rollbackPreflight, pinTemplateVersion, switchInPlace, confirmServingInPlace, replaceSwitched, announce],
  rolling: [rollbackPreflight, withEvidence(rollBackFleet), confirmServing, withEvidence(verifyRolledBack), announce],
};

export interface RollbackOptions {
  /** Without it: the last known-good version before the current one. */
  version?: string;
  /** Goes back to an image that was never known-good, and across irreversible releases, too. */
  force: boolean;
  /** Without it: the fastest available method. */
  method?: 'auto' | RollbackMethod;
  /** Cancels an active instance refresh first. */
  supersede?: boolean;
  /** Waits until the whole fleet runs the old image. */
  wait?: boolean;
}

/**
 * Plans a rollback to a kept image: only reads.
 * @throws PipelineError when there is no such release, its image cannot serve, or something is blocking.
 */
export async function planRollback(
  services: Services,
  clock: Clock,
  options: RollbackOptions,
): Promise<Plan<Services, RollbackState>> {
  const { fleet } = services;
  const decided = await decideRollback(services, options);
  const { facts, target, imageId, chosen, served, rolledBackFrom, rolledBackImages, skipped, disabled, drifts } =
    decided;
  return createPlan<Services, RollbackState>({
    operation: rollbackName,
    app: fleet.app,
    environment: fleet.environment,
    steps: rollbackSteps[chosen.method],
    initial: {
      ...facts,
      version: target.version,
      commit: target.commit,
      ...(target.subject !== undefined && { subject: target.subject }),
      imageId,
      ...(served && { served }),
      rolledBackFrom,
      ...(skipped.length > 0 && { skipped }),
      rolledBackImages,
      ...(disabled && { disabled }),
      ...(drifts.length > 0 && { drift: drifts.map((one) => one.message) }),
      ...(target.rolledBackAt !== undefined && { again: true }),
      method: chosen.method,
      why: chosen.why,
      rejected: chosen.rejected.map((other) => `${other.method}: ${other.why}`),
      supersede: options.supersede === true,
      wait: options.wait === true,
    },
    services,
    clock,
  });
}
