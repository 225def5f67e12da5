import type { Clock } from '@golden-pipeline/shared/clock';
import { PipelineError, usageError } from '@golden-pipeline/shared/errors';
import { readGroupTag } from '../aws/group-tags.ts';
import { readGroup } from '../aws/groups.ts';
import { readPolicies, readScheduledActions } from '../aws/scaling-settings.ts';
import { readWarmPool } from '../aws/warm-pool.ts';
import type { Fleet } from '../config/settings.ts';
import { createPlan } from '../engine/plan.ts';
import type { Plan, Step } from '../engine/step.ts';
import { observeFleet } from '../fleet/observe.ts';
import { heldBaseline, heldTag } from '../fleet/scaling/held-size.ts';
import { usualSize } from '../fleet/scaling/size.ts';
import { readPool, wantedPool } from '../fleet/scaling/warm-pool.ts';
import { describeEvent, eventsOf, runningEvent, sizeAt } from '../fleet/scaling/windows.ts';
import type { Services } from '../fleet/services.ts';
import { type Instant, instantText } from '../shared/instant.ts';
import { checkForeign, refuseOverlap } from './clashes.ts';
import { scaleName } from './name.ts';
import type { CancelState, ScaleState } from './state.ts';
import { cancelScale } from './steps/cancel.ts';
import { checkScale } from './steps/check.ts';
import { preheat } from './steps/preheat.ts';
import { resize } from './steps/resize.ts';
import { schedule } from './steps/schedule.ts';
import { validateCurrentImage } from './steps/validate.ts';
import { waitHealthy } from './steps/wait.ts';

/** Now: what the fleet gets at once, and the wait for it. */
const now = [checkScale, validateCurrentImage, preheat, resize, waitHealthy];

/** At a time to come: left to the schedule of Auto Scaling. */
const later = [checkScale, validateCurrentImage, preheat, schedule];

/** Back to the usual size. */
export const cancelSteps = [cancelScale];

/** The procedure, by when the size changes: now, at a time to come, or back to the usual one. */
export function scaleSteps({ scale }: Pick<CancelState, 'scale'>): readonly Step<Services, ScaleState>[] {
  if (scale.cancel) return cancelSteps;
  return scale.at === undefined ? now : later;
}

export interface ScaleRequest {
  to: number;
  at?: Instant;
  until?: Instant;
}

/**
 * Plans a change of a fleet's size, now or at a time: only reads.
 * @throws usage errors for a size outside the limits and times that do not fit; PipelineError `scale.no-release` for an empty fleet
 */
export async function planScale(
  services: Services,
  clock: Clock,
  request: ScaleRequest,
): Promise<Plan<Services, ScaleState>> {
  const { fleet } = services;
  checkRequest(fleet, request, clock.now());
  const facts = await stateOf(services, clock.now(), request);
  const { scale, group } = facts;
  if (request.to > scale.was.max) {
    throw usageError(
      'scale.above-max',
      `${request.to} instances are more than the maximum of ${group}, which is ${scale.was.max}`,
      'raise capacity.max and deploy the infrastructure',
    );
  }
  const { imageId, version } = facts.current;
  if (imageId === undefined || version === undefined) {
    throw new PipelineError('scale.no-release', `${group} has no release that could serve`, {
      fix: `release first: pipeline release ${fleet.app}`,
    });
  }
  await refusePool(services, facts);
  const commit = (await services.ledger.release(fleet.app, version))?.commit;
  const state: ScaleState = { ...facts, imageId, version, ...(commit !== undefined && { commit }) };
  return createPlan<Services, ScaleState>({
    operation: scaleName,
    app: fleet.app,
    environment: fleet.environment,
    steps: scaleSteps(state),
    initial: state,
    services,
    clock,
  });
}

/** Plans the return to the usual size: only reads. */
export async function planScaleCancel(services: Services, clock: Clock): Promise<Plan<Services, CancelState>> {
  const { fleet } = services;
  const state = await stateOf(services, clock.now());
  return createPlan<Services, CancelState>({
    operation: scaleName,
    app: fleet.app,
    environment: fleet.environment,
    steps: cancelSteps,
    initial: state,
    services,
    clock,
  });
}

/** The facts of a run; without a request those of the return to the usual size. */
async function stateOf(services: Services, now: number, request?: ScaleRequest): Promise<CancelState> {
  const { aws, fleet } = services;
  const { facts } = await observeFleet(services);
  const { group } = facts;
  const [seen, tag, policies, actions] = await Promise.all([
    readGroup(aws.autoScaling, group),
    readGroupTag(aws.autoScaling, group, heldTag),
    readPolicies(aws.autoScaling, group),
    readScheduledActions(aws.autoScaling, group),
  ]);
  const times = { to: request?.to ?? seen.desired, at: request?.at, until: request?.until };
  const wish = { ...times, app: fleet.app, cloud: fleet.cloud, group };
  if (request) refuseOverlap(wish, actions, now);
  const events = eventsOf(actions, now);
  const held = heldBaseline(tag, actions, seen, now);
  const usual = held ?? usualSize(seen, fleet.capacity.min);
  return {
    ...facts,
    scale: {
      ...(!request && { cancel: true }),
      ...times,
      was: { min: seen.min, desired: seen.desired, max: seen.max },
      baseline: request?.at === undefined ? usual : sizeAt(actions, now, request.at, usual),
      held: held !== undefined,
      hasPolicies: policies.length > 0,
      end: request && request.at === undefined ? runningEvent(events)?.in : undefined,
      events: events.map(describeEvent),
      disturbedBy: request ? checkForeign(wish, actions, now) : [],
    },
  };
}

/**
 * A pool holds what is missing from the group's size up to the prepared one. When a schedule takes the fleet down at its end, AWS
 * fills the pool again with as many instances, and nothing of ours is there to end it.
 */
async function refusePool({ fleet, aws }: Services, { group, scale }: CancelState): Promise<void> {
  if (scale.until === undefined) return;
  const mine = await readPool(aws, group);
  const wanted =
    wantedPool(fleet, scale) !== undefined && (mine || (await readWarmPool(aws.autoScaling, group)) !== 'present');
  if (!mine && !wanted) return;
  throw usageError(
    'scale.pool-end',
    `with a warm pool the event cannot end by a schedule: at ${instantText(scale.until)} AWS would start ${scale.to - scale.baseline.desired} instances anew, to fill the pool`,
    `leave --until away and end the event with pipeline scale ${fleet.app} --cancel; or go without the pool (scale.warmPool) and begin earlier`,
  );
}

function checkRequest(fleet: Fleet, { to, at, until }: ScaleRequest, time: number): void {
  const { min, max } = fleet.capacity;
  if (to < min || to > max) {
    throw usageError(
      'scale.size',
      `${to} instances are outside of ${min} to ${max}, the limits of ${fleet.app} in ${fleet.environment}`,
      'change capacity in the pipelines file if that is what is wanted',
    );
  }
  for (const [name, value] of Object.entries({ '--at': at, '--until': until })) {
    if (value !== undefined && value <= time) {
      throw usageError(
        'scale.past',
        `${name} ${instantText(value)} is in the past; it is ${instantText(time)}`,
        'give a time to come',
      );
    }
  }
  if (until !== undefined && until <= (at ?? time)) {
    throw usageError(
      'scale.order',
      `--until ${instantText(until)} is not after --at ${instantText(at ?? time)}`,
      'swap them',
    );
  }
}
