import type { Clock } from '@golden-pipeline/shared/clock';
import { usageError } from '@golden-pipeline/shared/errors';
import { show } from '@golden-pipeline/shared/text';
import { createPlan } from '../engine/plan.ts';
import type { Plan } from '../engine/step.ts';
import type { Services } from '../fleet/services.ts';
import { imageOfVersion, type PinState, pinStep, unpinStep } from './steps/pin.ts';

/** EC2's limit of a tag's value, in characters. */
const maxReason = 256;

/**
 * Plans to keep a version's image until it is unpinned: only reads.
 * @throws usage errors for a version without an image and a reason that no tag can hold.
 */
export async function planPin(
  services: Services,
  clock: Clock,
  { version, reason }: { version: string; reason?: string },
): Promise<Plan<Services, PinState>> {
  if (reason !== undefined && (reason === '' || reason.length > maxReason || /\p{Cc}/u.test(reason))) {
    throw usageError(
      'images.reason',
      `--reason ${show(reason)} cannot be kept as a tag`,
      `give one line of at most ${maxReason} characters`,
    );
  }
  const { imageId, name } = await imageOfVersion(services, version);
  return plan(services, clock, 'pin', { version, imageId, name, ...(reason === undefined ? {} : { reason }) });
}

/**
 * Plans to let a pinned image go: only reads.
 * @throws usage error for a version without an image, or one that is not pinned.
 */
export async function planUnpin(services: Services, clock: Clock, version: string): Promise<Plan<Services, PinState>> {
  const { imageId, name, pinned } = await imageOfVersion(services, version);
  if (!pinned) {
    const { app } = services.fleet;
    throw usageError('images.not-pinned', `${version} of ${app} is not pinned`, `pipeline images ${app}`);
  }
  return plan(services, clock, 'unpin', { version, imageId, name });
}

/** The procedures. */
export const pinSteps = { pin: [pinStep], unpin: [unpinStep] };

function plan(services: Services, clock: Clock, operation: 'pin' | 'unpin', initial: PinState) {
  const { app, environment } = services.fleet;
  const steps = pinSteps[operation];
  return createPlan<Services, PinState>({ operation, app, environment, steps, initial, services, clock });
}
