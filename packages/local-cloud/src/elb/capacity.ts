import type { CapacityRecord, CloudState, LoadBalancerRecord } from '../model.ts';
import { quotaCodes, quotaValue } from '../quotas/known.ts';
import { CloudError } from '../wire/handler.ts';
import { whole } from './validate.ts';

/** Fewest units of a reservation (Elastic Load Balancing user guide: 100 for an Application Load Balancer). */
const fewestUnits = 100;
/** How often a day a reservation may be made smaller (ELBv2 user guide). */
const decreasesPerDay = 2;
const dayMs = 24 * 3600 * 1000;

/**
 * The requested units, checked.
 * @throws CloudError `ValidationError`
 */
export function checkUnits(units: number): number {
  return whole(units, 'Capacity units', fewestUnits, Number.MAX_SAFE_INTEGER, fewestUnits);
}

/** True while the last request is still being provisioned, or spread over other zones. */
export function isPending(capacity: CapacityRecord, now: number, delayMs: number): boolean {
  return now - capacity.modifiedAt < delayMs || isMoving(capacity, now, delayMs);
}

/** True while it is being spread over other zones. */
export function isMoving({ movedAt }: CapacityRecord, now: number, delayMs: number): boolean {
  return movedAt !== undefined && now - movedAt < delayMs;
}

/** How often the reservation may still be made smaller today (UTC). */
export function decreasesLeft(capacity: CapacityRecord | undefined, now: number): number {
  return decreasesPerDay - (capacity ? today(capacity, now).length : 0);
}

/**
 * The reservation of a load balancer after a change to `units`, 0 for none; nothing is changed yet.
 * @throws CloudError as ModifyCapacityReservation refuses
 */
export function reserved(
  state: CloudState,
  record: LoadBalancerRecord,
  units: number,
  { now, delayMs }: { now: number; delayMs: number },
): CapacityRecord {
  const { capacity } = record;
  if (capacity && isPending(capacity, now, delayMs))
    throw new CloudError(
      'CapacityReservationPending',
      `The capacity reservation of '${record.arn}' is pending; it can be changed when it is provisioned`,
    );
  const present = capacity?.units ?? 0;
  const decreases = capacity ? today(capacity, now) : [];
  if (units < present && decreases.length >= decreasesPerDay)
    throw new CloudError(
      'CapacityDecreaseRequestLimitExceeded',
      `The capacity reservation of '${record.arn}' can be decreased ${decreasesPerDay} times a day`,
    );
  if (units > present) checkQuotas(state, record, units);
  return { units, before: present, modifiedAt: now, decreases: units < present ? [...decreases, now] : decreases };
}

function checkQuotas(state: CloudState, record: LoadBalancerRecord, units: number): void {
  const mine = quotaValue(state, quotaCodes.unitsOfBalancer);
  const region = quotaValue(state, quotaCodes.unitsOfRegion);
  const others = Object.values(state.loadBalancers).filter((other) => other !== record);
  const total = others.reduce((sum, { capacity }) => sum + (capacity?.units ?? 0), units);
  const over = (what: string, limit: number) =>
    new CloudError('CapacityUnitsLimitExceeded', `${what} can reserve ${limit} capacity units at the most`);
  if (total > region) throw over('The load balancers of the region', region);
  if (units > mine) throw over('A load balancer', mine);
}

/** The decreases since midnight, UTC. */
function today({ decreases }: CapacityRecord, now: number): number[] {
  const midnight = Math.floor(now / dayMs) * dayMs;
  return decreases.filter((time) => time >= midnight);
}
