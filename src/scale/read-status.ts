import type { Clock } from '@golden-pipeline/shared/clock';
import { reservedUnits } from '../aws/capacity.ts';
import { readGroupTag } from '../aws/group-tags.ts';
import { balancerOf } from '../aws/listeners.ts';
import { isOver, readScheduledActions, type ScheduledAction } from '../aws/scaling-settings.ts';
import { readWarmPool } from '../aws/warm-pool.ts';
import { observeFleet } from '../fleet/observe.ts';
import { heldBaseline, heldTag } from '../fleet/scaling/held-size.ts';
import type { Baseline } from '../fleet/scaling/size.ts';
import { type EventPool, readPool } from '../fleet/scaling/warm-pool.ts';
import type { Services } from '../fleet/services.ts';

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
  /** What is pre-heated, whoever has done it: capacity units (LCU) of the load balancer, and instances that wait. */
  preheated: {
    reservedCapacityUnits: number;
    warmPool: boolean;
    /** The warm pool that was made for an event; it stays until `--cancel`. */
    eventPool: EventPool | null;
  };
}

/** Reads the fleet's size, its schedule and what is pre-heated. */
export async function readScale(services: Services, clock: Clock): Promise<ScaleStatus> {
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
