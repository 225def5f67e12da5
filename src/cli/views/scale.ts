import type { ScaleStatus } from '../../operations/scale.ts';

/** What `scale --status` prints. */
export function renderScale(status: ScaleStatus): string {
  const { group, min, max, desired, healthy, heldFrom, scheduled, preheated } = status;
  const held = heldFrom
    ? `held above its usual size, ${heldFrom.desired} (minimum ${heldFrom.min})`
    : 'at its usual size';
  const lines = [`${group}: ${healthy} of ${desired} machines healthy (${min} to ${max}), ${held}`];
  for (const { name, start, recurrence, min: least, desired: wanted } of scheduled) {
    const size = [wanted === undefined ? '' : `${wanted} machines`, least === undefined ? '' : `minimum ${least}`];
    const when = recurrence ? `${recurrence} (next ${start})` : start;
    lines.push(`  ${when}  ${name}: ${size.filter(Boolean).join(', ')}`);
  }
  if (scheduled.length === 0) lines.push('  nothing is scheduled');
  if (preheated.warmPool) lines.push('  a warm pool is kept');
  if (preheated.reservedCapacityUnits > 0) {
    lines.push(`  ${preheated.reservedCapacityUnits} capacity units of the load balancer are reserved`);
  }
  return `${lines.join('\n')}\n`;
}
