import { usageError } from '@golden-pipeline/shared/errors';
import type { ScheduledAction } from '../aws/scaling-settings.ts';
import { awsCommand } from '../config/aws-command.ts';
import type { Fleet } from '../config/settings.ts';
import {
  describeEvent,
  describeForeign,
  eventsOf,
  foreignRuns,
  overlapping,
  runningEvent,
} from '../fleet/scaling/windows.ts';
import type { ScaleFacts } from './state.ts';

interface Wish extends Pick<ScaleFacts, 'to' | 'at' | 'until'>, Pick<Fleet, 'cloud'> {
  app: string;
  group: string;
}

/** From when to when the fleet is to have its new size, in milliseconds since the epoch. */
function windowOf({ at, until }: Wish, actions: readonly ScheduledAction[], now: number): { from: number; to: number } {
  // Without an end of its own, a change while an event goes on ends with it.
  const end = at === undefined ? runningEvent(eventsOf(actions, now))?.to : undefined;
  return {
    from: at ?? now,
    to: until ?? end ?? Number.POSITIVE_INFINITY,
  };
}

/**
 * Refuses a change that meets another one of our schedule: each end writes what was before it, and two that overlap would write
 * back sizes that are no longer right.
 * @throws usage error `scale.scheduled`
 */
export function refuseOverlap(wish: Wish, actions: readonly ScheduledAction[], now: number): void {
  const { app, group, at, to, until } = wish;
  const events = eventsOf(actions, now);
  const window = windowOf(wish, actions, now);
  const running = at === undefined ? runningEvent(events) : undefined;
  const met = overlapping(
    events.filter((one) => one !== running),
    window.from,
    window.to,
  );
  const [first] = met;
  if (!first) return;
  const before =
    first.out && until === undefined
      ? `pipeline scale ${app} ${to} --until <a time before ${first.out.start}>, or `
      : '';
  throw usageError(
    'scale.scheduled',
    `${group} has a schedule already that this overlaps: ${met.map(describeEvent).join('; ')}`,
    `${before}drop it: pipeline scale ${app} --cancel`,
  );
}

/**
 * What scheduled actions of others will do to the fleet while it is to have its new size.
 * @throws usage error `scale.foreign-schedule` when times were given, as nobody may be there then; a change that is made now is reported only
 */
export function checkForeign(wish: Wish, actions: readonly ScheduledAction[], now: number): string[] {
  const { app, group, to, at, until } = wish;
  const remove = `autoscaling delete-scheduled-action --auto-scaling-group-name ${group} --scheduled-action-name`;
  const runs = foreignRuns(actions, windowOf(wish, actions, now), to);
  const [first] = runs;
  const lines = runs.map(describeForeign);
  if (!first || (at === undefined && until === undefined)) return lines;
  const shorter = first.at === undefined ? '' : `end before it with --until, or `;
  throw usageError(
    'scale.foreign-schedule',
    `${group} has scheduled actions of others that would take its ${to} instances away: ${lines.join('; ')}`,
    `${shorter}take it away for that time: ${awsCommand(wish, `${remove} ${first.action.name}`)}; then pipeline scale ${app} again`,
  );
}
