import type { GroupInstance, GroupRecord } from '../model.ts';
import { activeInstances, isSuspended, type LaunchSource } from './groups.ts';
import { isPending } from './lifecycle-states.ts';
import { countByZone, FULL_ZONE_PAUSE_MS, type Place, placesOf } from './placement.ts';
import type { ReconcileContext } from './reconcile-context.ts';
import { chooseVictims } from './termination-policy.ts';

/** A group may exceed its desired capacity by that share, and by one at the least, while it is rebalanced (doc). */
const SURPLUS_SHARE = 0.1;

/**
 * Moves instances from fuller zones, and from zones that the group no longer uses, to emptier ones: launches there first, and
 * ends as many once those serve.
 * @returns whether the surplus of instances is its own, and to be left alone
 */
export function keepBalance(pass: ReconcileContext, active: GroupInstance[], source: LaunchSource): boolean {
  const { group } = pass;
  if (group.rebalance?.launched.length) return finish(pass, active);
  if (active.length !== group.desiredCapacity || !mayBegin(pass)) return false;
  const moves = planMoves(pass, active);
  if (moves.length === 0) return false;
  const launched: string[] = [];
  let retryAt: number | undefined;
  for (const place of moves) {
    const cause = `a rebalancing of the Availability Zones, of which ${place.availabilityZone} holds too few instances`;
    try {
      launched.push(...pass.launches.launchAt(group, place, 1, source, { cause }));
    } catch (error) {
      pass.launches.refused(group, error, { cause });
      retryAt = pass.now + FULL_ZONE_PAUSE_MS;
      pass.requeueAt(retryAt);
      break;
    }
  }
  group.rebalance = { launched, retryAt };
  pass.runtime.context.changed();
  return launched.length > 0;
}

/** Only a group that is at rest is rebalanced. */
function mayBegin({ group, now, requeueAt, isServing }: ReconcileContext): boolean {
  if (group.deleting || group.desiredCapacity === 0) return false;
  if ((['AZRebalance', 'Launch', 'Terminate'] as const).some((process) => isSuspended(group, process))) return false;
  const retryAt = group.rebalance?.retryAt;
  if (retryAt !== undefined && retryAt > now) {
    requeueAt(retryAt);
    return false;
  }
  return activeInstances(group).every(isServing);
}

/** Where to launch, one entry for each instance that is to move. */
function planMoves({ group, runtime }: ReconcileContext, active: GroupInstance[]): Place[] {
  const places = placesOf(runtime.context, group);
  const zones = new Map(places.map((place) => [place.availabilityZone, 0]));
  const held = countByZone(active);
  for (const zone of zones.keys()) zones.set(zone, held.get(zone) ?? 0);
  const movable = countByZone(active.filter((i) => !i.protectedFromScaleIn));
  let outside = [...movable].reduce((sum, [zone, count]) => sum + (zones.has(zone) ? 0 : count), 0);
  const limit = Math.max(1, Math.floor(group.desiredCapacity * SURPLUS_SHARE));
  const moves: Place[] = [];
  while (moves.length < limit) {
    const [fullest, most] = [...zones].reduce((a, b) => (b[1] > a[1] ? b : a));
    const [emptiest, least] = [...zones].reduce((a, b) => (b[1] < a[1] ? b : a));
    const place = places.find((p) => p.availabilityZone === emptiest);
    if (!place) break;
    if (outside > 0) outside--;
    else if (most - least > 1 && (movable.get(fullest) ?? 0) > 0) {
      zones.set(fullest, most - 1);
      movable.set(fullest, (movable.get(fullest) ?? 0) - 1);
    } else break;
    zones.set(emptiest, least + 1);
    moves.push(place);
  }
  return moves;
}

/** Waits for the new ones to serve, then ends the surplus of the fuller zones. */
function finish(pass: ReconcileContext, active: GroupInstance[]): boolean {
  const { group } = pass;
  const surplus = active.length - group.desiredCapacity;
  const launched = active.filter((i) => group.rebalance?.launched.includes(i.instanceId));
  // Lost, or overtaken by a change of the desired capacity: what is too many then goes the ordinary way.
  if (launched.length === 0 || surplus <= 0 || surplus > launched.length) return end(pass);
  if (launched.some((i) => isPending(i) || !pass.isServing(i))) return true;
  if (isSuspended(group, 'Terminate')) return true;
  const zones = placesOf(pass.runtime.context, group).map((place) => place.availabilityZone);
  const others = active.filter((i) => !launched.includes(i));
  const outside = others.filter((i) => !zones.includes(i.availabilityZone));
  const pick = (from: GroupInstance[], count: number) =>
    chooseVictims(pass.runtime.context.state, group, from, count, pass.isServing);
  const first = pick(outside, surplus);
  const victims = [...first, ...pick(balanced(others, first, zones), surplus - first.length)];
  for (const victim of victims) {
    pass.terminations.terminate(
      group,
      victim,
      `instance ${victim.instanceId} was taken out of service in response to a rebalancing of the Availability Zones.`,
    );
  }
  end(pass);
  return true;
}

function balanced(others: GroupInstance[], taken: GroupInstance[], zones: string[]): GroupInstance[] {
  return others.filter((i) => !taken.includes(i) && zones.includes(i.availabilityZone));
}

function end({ group, runtime }: { group: GroupRecord } & Pick<ReconcileContext, 'runtime'>): false {
  group.rebalance = undefined;
  runtime.context.changed();
  return false;
}
