import type { Clock } from '@golden-pipeline/shared/clock';
import { readGroupTag } from '../aws/group-tags.ts';
import { readScheduledActions, type ScheduledAction } from '../aws/scaling-settings.ts';
import { awsCommand } from '../config/aws-command.ts';
import { observeFleet } from '../fleet/observe.ts';
import { heldBaseline, heldTag } from '../fleet/scaling/held-size.ts';
import { readEventUnits } from '../fleet/scaling/reservation.ts';
import { type Baseline, usualSize } from '../fleet/scaling/size.ts';
import { type EventPool, readPool } from '../fleet/scaling/warm-pool.ts';
import {
  describeEvent,
  eventsOf,
  ownActions,
  runningEvent,
  type ScaleEvent,
  sizeAt,
} from '../fleet/scaling/windows.ts';
import { findInterruptedRun } from '../ledger/interrupted-runs.ts';
import { type Check, type Finding, ok, warning } from './finding.ts';
import type { DoctorServices } from './services.ts';

/** The fleet's size: whether it is the usual one, and whether it will be again. */
export function scaleChecks(services: DoctorServices, clock: Clock): Check[] {
  return [{ id: 'fleet.size', run: () => size(services, clock.now()) }];
}

async function size(services: DoctorServices, now: number): Promise<Finding[]> {
  const { aws, fleet, ledger } = services;
  const { facts, live } = await observeFleet(services);
  const { group } = facts;
  const [lock, crashed, tag, actions, pool, units] = await Promise.all([
    ledger.lockOf(fleet.app),
    findInterruptedRun(services, fleet.app),
    readGroupTag(aws.autoScaling, group, heldTag),
    readScheduledActions(aws.autoScaling, group),
    readPool(aws, group),
    readEventUnits(aws, group),
  ]);
  const seen: Seen = {
    app: fleet.app,
    cloud: fleet.cloud,
    region: fleet.region,
    configuredMin: fleet.capacity.min,
    run: lock ? 'active' : crashed ? 'crashed' : undefined,
    group,
    live,
    actions,
    now,
    events: eventsOf(actions, now),
    held: heldBaseline(tag, actions, live, now),
  };
  const found = [...heldOrMin(seen), ...misfits(seen)];
  if (seen.events.length === 0 && !seen.held) found.push(...preheated(seen, pool, units));
  return found.length > 0 ? found : [ok('fleet.size', `${group} has its usual size`)];
}

/** A fleet's size, and what is planned for it. */
interface Seen {
  app: string;
  cloud: DoctorServices['fleet']['cloud'];
  region: string;
  configuredMin: number;
  /** One that may have lowered the minimum, and restores it at its end or by its undo. */
  run: 'active' | 'crashed' | undefined;
  group: string;
  live: Baseline;
  actions: readonly ScheduledAction[];
  now: number;
  events: readonly ScaleEvent[];
  held: Baseline | undefined;
}

const again = ({ app }: Seen, { out, in: back }: ScaleEvent) =>
  `pipeline scale ${app} ${out?.desired} --at ${out?.start} --until ${back?.start}`;
const cancelOf = ({ app }: Seen) => `pipeline scale ${app} --cancel`;

/** Whether the fleet is held above its usual size; where it is not, whether its minimum is the configured one. */
function heldOrMin(seen: Seen): Finding[] {
  const { app, group, live, held, events, actions, configuredMin: min, run } = seen;
  if (held) {
    const end = runningEvent(events)?.in?.start;
    const message = `${group} is held at ${live.desired} instances; its usual size is ${held.desired}`;
    if (end) return [ok('fleet.held', `${message}, again from ${end} on`)];
    return [warning('fleet.held', message, `after the event: ${cancelOf(seen)}`)];
  }
  // Where a team has a schedule of its own, the minimum is what that says.
  const others = actions.some((one) => one.min !== undefined && !ownActions([one]).length);
  if (live.desired === 0 || live.min === min || others || run === 'active') return [];
  const why = live.min < min ? 'so a policy may take away instances that are needed' : 'and nothing here says why';
  return [
    warning(
      'fleet.min',
      `the minimum of ${group} is ${live.min}, and capacity.min is ${min}, ${why}`,
      run === 'crashed'
        ? `pipeline abort ${app}`
        : awsCommand(
            seen,
            `autoscaling update-auto-scaling-group --auto-scaling-group-name ${group} --min-size ${min}`,
          ),
    ),
  ];
}

/** Events to come whose end no longer gives the size that the fleet would have without them. */
function misfits(seen: Seen): Finding[] {
  const { group, live, held, events, actions, now, configuredMin } = seen;
  return events.flatMap((event) => {
    const { out, in: back } = event;
    if (!out || back?.min === undefined) return [];
    const then = sizeAt(actions, now, event.from, held ?? usualSize(live, configuredMin));
    const desired = back.desired ?? then.desired;
    if (then.min === back.min && then.desired === desired) return [];
    return warning(
      'fleet.schedule',
      `${describeEvent(event)}: ${group} then goes to ${desired} instances (minimum ${back.min}), and has ${then.desired} (minimum ${then.min}) without the event`,
      `cancel it: ${cancelOf(seen)}, then schedule it again: ${again(seen, event)}`,
    );
  });
}

/** What an event that is over has left pre-heated. */
function preheated(seen: Seen, pool: EventPool | undefined, units: number | undefined): Finding[] {
  const left = [
    ...(pool ? [`a warm pool (${pool.state}) of up to ${pool.prepared} instances`] : []),
    ...(units === undefined ? [] : [`${units} capacity units of the load balancer`]),
  ];
  if (left.length === 0) return [];
  const message = `leftovers of an event that is over, still paid for: ${left.join(' and ')}`;
  return [warning('fleet.preheated', message, cancelOf(seen))];
}
