import type { ScaleStatus } from '../../scale/read-status.ts';

/** What `scale --status` prints. */
export function renderScale(status: ScaleStatus): string {
  const { group, min, max, desired, healthy, heldFrom, scheduled, preheated } = status;
  const held = heldFrom
    ? `held above its usual size, ${heldFrom.desired} (minimum ${heldFrom.min})`
    : 'at its usual size';
  const lines = [`${group}: ${healthy} of ${desired} instances healthy (${min} to ${max}), ${held}`];
  for (const { name, start, recurrence, min: least, desired: wanted } of scheduled) {
    const size = [wanted === undefined ? '' : `${wanted} instances`, least === undefined ? '' : `minimum ${least}`];
    const when = recurrence ? `${recurrence} (next ${start})` : start;
    lines.push(`  ${when}  ${name}: ${size.filter(Boolean).join(', ')}`);
  }
  if (scheduled.length === 0) lines.push('  nothing is scheduled');
  const { eventPool, warmPool, reservedCapacityUnits } = preheated;
  if (eventPool) {
    lines.push(`  a warm pool (${eventPool.state}) prepares up to ${eventPool.prepared} instances, until --cancel`);
  } else if (warmPool) lines.push('  a warm pool is kept');
  if (reservedCapacityUnits > 0) {
    lines.push(
      `  ${reservedCapacityUnits} capacity units of the load balancer are reserved; they have no end of their own`,
    );
  }
  return `${lines.join('\n')}\n`;
}
