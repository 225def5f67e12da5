import type { Clock } from '@golden-pipeline/shared/clock';
import { PipelineError, usageError } from '@golden-pipeline/shared/errors';
import { reservedUnits } from '../aws/capacity.ts';
import { readGroupTag } from '../aws/group-tags.ts';
import { readGroup } from '../aws/groups.ts';
import { balancerOf } from '../aws/listeners.ts';
import { isOver, readPolicies, readScheduledActions, type ScheduledAction } from '../aws/scaling-settings.ts';
import { readWarmPool } from '../aws/warm-pool.ts';
import type { Fleet } from '../config/settings.ts';
import { createPlan } from '../engine/plan.ts';
import type { Plan } from '../engine/step.ts';
import { observeFleet } from '../fleet/observe.ts';
import { heldBaseline, heldTag } from '../fleet/scaling/held-size.ts';
import {
  type Baseline,
  type ScaleServices,
  type ScaleState,
  type ScaleStep,
  usualSize,
} from '../fleet/scaling/state.ts';
import { type EventPool, readPool, wantedPool } from '../fleet/scaling/warm-pool.ts';
import { describeEvent, eventsOf, runningEvent, sizeAt } from '../fleet/scaling/windows.ts';
import { prove } from '../release/steps/validate.ts';
import { checkForeign, refuseOverlap } from './clashes.ts';
import { scaleName } from './name.ts';
import { cancelScale } from './steps/cancel.ts';
import { checkScale } from './steps/check.ts';
import { preheat } from './steps/preheat.ts';
import { resize, plan as schedule } from './steps/resize.ts';
import { waitHealthy } from './steps/wait.ts';

/** That the image which serves now still boots: everything else depends on it. */
const proveImage: ScaleStep = {
  ...(prove as unknown as ScaleStep),
  title: 'Prove that the current image boots',
  skip: async ({ state: { scale } }) => (scale.to > scale.was.desired ? undefined : 'the fleet does not grow'),
};

const now: ScaleStep[] = [checkScale, proveImage, preheat, resize, waitHealthy];
const later: ScaleStep[] = [checkScale, proveImage, preheat, schedule];

/** The procedure, by when the size changes: now, at a time to come, or back to the usual one. */
export function scaleSteps({ scale }: Pick<ScaleState, 'scale'>): ScaleStep[] {
  if (scale.cancel) return [cancelScale];
  return scale.at === undefined ? now : later;
}

export interface ScaleRequest {
  to: number;
  /** Milliseconds since the epoch. */
  at?: number;
  until?: number;
}

/**
 * Plans a change of a fleet's size, now or at a time: only reads.
 * @throws usage errors for a size outside the limits and times that do not fit; PipelineError `scale.no-release` for an empty fleet
 */
export async function planScale(
  services: ScaleServices,
  clock: Clock,
  request: ScaleRequest,
): Promise<Plan<ScaleServices, ScaleState>> {
  const { fleet } = services;
  checkRequest(fleet, request, clock.now());
  const state = await stateOf(services, clock.now(), request);
  const { scale } = state;
  if (request.to > scale.was.max) {
    throw usageError(
      'scale.above-max',
      `${request.to} machines are more than the maximum of ${state.group}, which is ${scale.was.max}`,
      'raise capacity.max and deploy the infrastructure',
    );
  }
  if (state.current.imageId === undefined || state.current.version === undefined) {
    throw new PipelineError('scale.no-release', `${state.group} has no release that could serve`, {
      hint: `release first: pipeline release ${fleet.app}`,
    });
  }
  await refusePool(services, state);
  return createPlan<ScaleServices, ScaleState>({
    operation: scaleName,
    app: fleet.app,
    environment: fleet.environment,
    steps: scaleSteps(state),
    initial: state,
    services,
    clock,
  });
}

/** Plans the way back to the usual size: only reads. */
export async function planScaleCancel(services: ScaleServices, clock: Clock): Promise<Plan<ScaleServices, ScaleState>> {
  const { fleet } = services;
  const state = await stateOf(services, clock.now());
  return createPlan<ScaleServices, ScaleState>({
    operation: scaleName,
    app: fleet.app,
    environment: fleet.environment,
    steps: scaleSteps(state),
    initial: state,
    services,
    clock,
  });
}

/** What `scale --status` tells. */
export interface ScaleStatus {
  app: string;
  environment: string;
  group: string;
  min: number;
  max: number;
  desired: number;
  healthy: number;
  /** What it goes back to; null when it is not held above its usual size. */
  heldFrom: Baseline | null;
  scheduled: ScheduledAction[];
  /** What is pre-heated, whoever has done it: capacity units (LCU) of the load balancer, and machines that wait. */
  preheated: {
    reservedCapacityUnits: number;
    warmPool: boolean;
    /** The warm pool that was made for an event; it stays until `--cancel`. */
    eventPool: EventPool | null;
  };
}

export async function readScale(services: ScaleServices, clock: Clock): Promise<ScaleStatus> {
  const { fleet, aws } = services;
  const { facts, live, healthy } = await observeFleet(services);
  const [tag, actions, reservedCapacityUnits, warmPool, pool] = await Promise.all([
    readGroupTag(aws.autoScaling, facts.group, heldTag),
    readScheduledActions(aws.autoScaling, facts.group),
    reservedUnits(aws.elb, balancerOf(facts.listenerArn)),
    readWarmPool(aws.autoScaling, facts.group),
    readPool(aws, facts.group),
  ]);
  return {
    app: fleet.app,
    environment: fleet.environment,
    group: facts.group,
    min: live.min,
    max: live.max,
    desired: live.desired,
    healthy: healthy.length,
    heldFrom: heldBaseline(tag, actions, live, clock.now()) ?? null,
    scheduled: actions.filter((one) => !isOver(one, clock.now())),
    preheated: { reservedCapacityUnits, warmPool: warmPool === 'present', eventPool: pool ?? null },
  };
}

/** The facts of a run; without a request those of the way back. */
async function stateOf(services: ScaleServices, now: number, request?: ScaleRequest): Promise<ScaleState> {
  const { aws, fleet } = services;
  const { facts } = await observeFleet(services);
  const { group } = facts;
  const [seen, tag, policies, actions] = await Promise.all([
    readGroup(aws.autoScaling, group),
    readGroupTag(aws.autoScaling, group, heldTag),
    readPolicies(aws.autoScaling, group),
    readScheduledActions(aws.autoScaling, group),
  ]);
  const iso = (time: number | undefined) => (time === undefined ? undefined : new Date(time).toISOString());
  const times = { to: request?.to ?? seen.desired, at: iso(request?.at), until: iso(request?.until) };
  const wish = { ...times, app: fleet.app, cloud: fleet.cloud, group };
  if (request) refuseOverlap(wish, actions, now);
  const events = eventsOf(actions, now);
  const held = heldBaseline(tag, actions, seen, now);
  const usual = held ?? usualSize(seen, fleet.capacity.min);
  return {
    ...facts,
    version: facts.current.version ?? '',
    commit: '',
    ref: '',
    bake: 'builder',
    strategy: 'rolling',
    imageId: facts.current.imageId,
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
 * fills the pool again with as many machines, and nothing of ours is there to end it.
 */
async function refusePool({ fleet, aws }: ScaleServices, { group, scale }: ScaleState): Promise<void> {
  if (scale.until === undefined) return;
  const mine = await readPool(aws, group);
  const wanted =
    wantedPool(fleet, scale) !== undefined && (mine || (await readWarmPool(aws.autoScaling, group)) !== 'present');
  if (!mine && !wanted) return;
  throw usageError(
    'scale.pool-end',
    `with a warm pool the event cannot end by a schedule: at ${scale.until} AWS would start ${scale.to - scale.baseline.desired} machines anew, to fill the pool`,
    `leave --until away and end the event with pipeline scale ${fleet.app} --cancel; or go without the pool (scale.warmPool) and begin earlier`,
  );
}

function checkRequest(fleet: Fleet, { to, at, until }: ScaleRequest, time: number): void {
  const { min, max } = fleet.capacity;
  if (to < min || to > max) {
    throw usageError(
      'scale.size',
      `${to} machines are outside of ${min} to ${max}, the limits of ${fleet.app} in ${fleet.environment}`,
      'change capacity in the pipelines file if that is what is wanted',
    );
  }
  const text = (ms: number) => new Date(ms).toISOString();
  for (const [name, value] of Object.entries({ '--at': at, '--until': until })) {
    if (value !== undefined && value <= time) {
      throw usageError(
        'scale.past',
        `${name} ${text(value)} is in the past; it is ${text(time)}`,
        'give a time to come',
      );
    }
  }
  if (until !== undefined && until <= (at ?? time)) {
    throw usageError('scale.order', `--until ${text(until)} is not after --at ${text(at ?? time)}`, 'swap them');
  }
}
