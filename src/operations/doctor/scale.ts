import { readGroupTag } from '../../aws/group-tags.ts';
import { readScheduledActions } from '../../aws/scaling-settings.ts';
import type { Clock } from '../../shared/clock.ts';
import { heldBaseline, heldTag } from '../../steps/scale/held.ts';
import { readPool } from '../../steps/scale/pool.ts';
import { readEventUnits } from '../../steps/scale/reservation.ts';
import { usualSize } from '../../steps/scale/state.ts';
import { describeEvent, eventsOf, ownActions, runningEvent, sizeAt } from '../../steps/scale/windows.ts';
import { observeFleet } from '../../steps/support/observe.ts';
import { type Finding, type Look, ok, warning } from './finding.ts';
import type { DoctorServices } from './services.ts';

/** The fleet's size: whether it is the usual one, and whether it will be again. */
export function scaleLooks(services: DoctorServices, clock: Clock): Look[] {
  return [{ id: 'fleet.size', run: () => size(services, clock.now()) }];
}

async function size(services: DoctorServices, now: number): Promise<Finding[]> {
  const { aws, fleet } = services;
  const { facts, live } = await observeFleet(services);
  const { group } = facts;
  const [tag, actions, pool, units] = await Promise.all([
    readGroupTag(aws.autoScaling, group, heldTag),
    readScheduledActions(aws.autoScaling, group),
    readPool(aws, group),
    readEventUnits(aws, group),
  ]);
  const cancel = `pipeline scale ${fleet.app} --cancel`;
  const events = eventsOf(actions, now);
  const held = heldBaseline(tag, actions, live, now);
  const found: Finding[] = [];
  if (held) {
    const end = runningEvent(events)?.in?.start;
    const message = `${group} is held at ${live.desired} machines; its usual size is ${held.desired}`;
    found.push(
      end
        ? ok('fleet.held', `${message}, again from ${end} on`)
        : warning('fleet.held', message, `after the event: ${cancel}`),
    );
  } else {
    const others = actions.some((one) => one.min !== undefined && !ownActions([one]).length);
    const { min } = fleet.capacity;
    // Where a team has a schedule of its own, the minimum is what that says.
    if (live.desired > 0 && live.min !== min && !others) {
      const why = live.min < min ? 'so a policy may take away machines that are needed' : 'and nothing here says why';
      found.push(
        warning(
          'fleet.min',
          `the minimum of ${group} is ${live.min}, and capacity.min is ${min}, ${why}`,
          `aws autoscaling update-auto-scaling-group --auto-scaling-group-name ${group} --min-size ${min}`,
        ),
      );
    }
  }
  for (const event of events) {
    const { out, in: back } = event;
    if (!out || back?.min === undefined) continue;
    const then = sizeAt(actions, now, event.from, held ?? usualSize(live, fleet.capacity.min));
    const desired = back.desired ?? then.desired;
    if (then.min === back.min && then.desired === desired) continue;
    found.push(
      warning(
        'fleet.schedule',
        `${describeEvent(event)}: ${group} then goes to ${desired} machines (minimum ${back.min}), and has ${then.desired} (minimum ${then.min}) without the event`,
        `schedule it anew: ${cancel}, then pipeline scale ${fleet.app} again`,
      ),
    );
  }
  if (events.length === 0 && !held && (pool || units !== undefined)) {
    const what = [
      ...(pool ? [`a warm pool (${pool.state}) of up to ${pool.prepared} machines`] : []),
      ...(units === undefined ? [] : [`${units} capacity units of the load balancer`]),
    ].join(' and ');
    found.push(warning('fleet.preheated', `left of an event that is over, and paid for: ${what}`, cancel));
  }
  return found.length > 0 ? found : [ok('fleet.size', `${group} has its usual size`)];
}
