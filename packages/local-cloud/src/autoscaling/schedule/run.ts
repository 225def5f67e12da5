import { nextRun, parseCron } from '@golden-pipeline/shared/cron';
import { isoSeconds } from '@golden-pipeline/shared/text';
import type { GroupRecord, ScheduledActionRecord } from '../../model.ts';
import { isSuspended } from '../groups.ts';
import type { Runtime } from '../runtime.ts';

/**
 * Runs the scheduled actions that are due, in the order of their times. While ScheduledActions is suspended they pass without
 * effect. What fell due while the cloud was down runs at its start; of a recurring action that was missed more than once, one run.
 */
export function runSchedule(runtime: Runtime, group: GroupRecord, requeueAt: (at: number) => void): void {
  const { context } = runtime;
  const now = context.clock.now();
  const actions = group.scheduledActions ?? [];
  const due = actions.filter((action) => action.nextRun <= now).sort((a, b) => a.nextRun - b.nextRun);
  for (const action of due) {
    if (!isSuspended(group, 'ScheduledActions') && !group.deleting) apply(group, action, now);
    const next = runAfter(action, now);
    if (next === undefined) actions.splice(actions.indexOf(action), 1);
    else action.nextRun = next;
  }
  if (due.length > 0) context.changed();
  for (const action of actions) requeueAt(action.nextRun);
}

/** When the action runs after `after`: the start time first, then the recurrence up to the end time. */
export function runAfter(action: Omit<ScheduledActionRecord, 'nextRun'>, after: number): number | undefined {
  const { startTime, endTime, recurrence, timeZone } = action;
  if (startTime !== undefined && startTime > after) return startTime;
  const cron = recurrence === undefined ? undefined : parseCron(recurrence);
  const next = cron && nextRun(cron, timeZone ?? 'UTC', after);
  return next === undefined || (endTime !== undefined && next > endTime) ? undefined : next;
}

/** New bounds move a desired capacity that the action does not name; one that it names is kept within the bounds. */
function apply(group: GroupRecord, action: ScheduledActionRecord, now: number): void {
  const from = group.desiredCapacity;
  const minSize = action.minSize ?? Math.min(group.minSize, action.maxSize ?? group.minSize);
  const maxSize = Math.max(action.maxSize ?? group.maxSize, minSize);
  const desiredCapacity = Math.min(maxSize, Math.max(minSize, action.desiredCapacity ?? from));
  Object.assign(group, { minSize, maxSize, desiredCapacity });
  if (desiredCapacity === from) return;
  group.capacityCause = `At ${isoSeconds(now)} a scheduled action '${action.name}' update of AutoScalingGroup constraints to min: ${minSize}, max: ${maxSize}, desired: ${desiredCapacity} changing the desired capacity from ${from} to ${desiredCapacity}.`;
}
