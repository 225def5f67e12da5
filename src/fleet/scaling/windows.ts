import { nextRun, parseCron } from '@golden-pipeline/shared/cron';
import { isOver, type ScheduledAction } from '../../aws/scaling-settings.ts';
import { dayMs, hourMs } from '../../shared/duration.ts';
import { type Instant, instantOf, instantText, parseInstant } from '../../shared/instant.ts';

/** How the names of our scheduled actions begin; those of an event to come end with its time, so that several fit beside each other. */
export const scaleOutName = 'golden-pipeline-scale-out';
export const scaleInName = 'golden-pipeline-scale-in';

/** The names of an event's two actions; without a time those of an event that has begun at once. */
export function actionNames(at?: Instant): { out: string; in: string } {
  const suffix =
    at === undefined
      ? ''
      : `-${instantText(at)
          .replaceAll(':', '.')
          .replace(/(\.00)?\.\d{3}Z$/, 'Z')}`;
  return { out: scaleOutName + suffix, in: scaleInName + suffix };
}

/** Our own actions among those of a group. */
export function ownActions(actions: readonly ScheduledAction[]): ScheduledAction[] {
  return actions.filter(isOwn);
}

const isOwn = ({ name }: ScheduledAction) => name.startsWith(scaleOutName) || name.startsWith(scaleInName);

/** An event that the group's schedule holds. Without `out` it goes on, without `in` it has no end. */
export interface ScaleEvent {
  out?: ScheduledAction;
  in?: ScheduledAction;
  /** Milliseconds since the epoch; -Infinity and Infinity for a side that has no action. */
  from: number;
  to: number;
}

/** Our events that are not over, the earliest first. */
export function eventsOf(actions: readonly ScheduledAction[], now: number): ScaleEvent[] {
  const events = new Map<string, ScaleEvent>();
  for (const action of ownActions(actions).filter((one) => !isOver(one, now))) {
    const begins = action.name.startsWith(scaleOutName);
    const key = action.name.slice((begins ? scaleOutName : scaleInName).length);
    const event = events.get(key) ?? { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY };
    const time = instantOf(action.start);
    events.set(key, begins ? { ...event, out: action, from: time } : { ...event, in: action, to: time });
  }
  return [...events.values()].sort((a, b) => a.from - b.from);
}

/** The event that goes on: it has begun, and its end is still to come. */
export function runningEvent(events: readonly ScaleEvent[]): ScaleEvent | undefined {
  return events.find((one) => one.out === undefined);
}

/** Events that share a moment with the window; also the very same one, as no two actions of a group may be due at once. */
export function overlapping(events: readonly ScaleEvent[], from: number, to: number): ScaleEvent[] {
  return events.filter((one) => one.from <= to && from <= one.to);
}

export function describeEvent({ out, in: back }: ScaleEvent): string {
  const size = out?.desired === undefined ? 'an event' : `${out.desired} instances`;
  return `${size} from ${out?.start ?? 'now'} ${back?.start ? `to ${back.start}` : 'on, without an end'}`;
}

/** A run of a scheduled action that somebody else has made. */
export interface ForeignRun {
  action: ScheduledAction;
  /** Milliseconds since the epoch; undefined when the recurrence is of a kind that cannot be read here. */
  at?: number;
}

/**
 * The first run in the window of each action of others that would take the fleet below `size`. One that only raises a limit, or
 * that keeps as many instances, does an event no harm.
 */
export function foreignRuns(
  actions: readonly ScheduledAction[],
  window: { from: number; to: number },
  size: number,
): ForeignRun[] {
  const found: ForeignRun[] = [];
  for (const action of actions) {
    if (isOwn(action) || ![action.min, action.desired, action.max].some((n) => n !== undefined && n < size)) continue;
    const at = firstRun(action, window.from, window.to);
    if (at !== undefined) found.push(Number.isNaN(at) ? { action } : { action, at });
  }
  return found.sort((a, b) => (a.at ?? 0) - (b.at ?? 0));
}

export function describeForeign({ action, at }: ForeignRun): string {
  const { name, recurrence, timeZone, min, max, desired } = action;
  const sizes = Object.entries({ min, max, desired }).flatMap(([key, n]) => (n === undefined ? [] : [`${key} ${n}`]));
  const every = recurrence ? ` (${recurrence}${timeZone ? `, ${timeZone}` : ''})` : '';
  return `${name}${at === undefined ? '' : ` at ${instantText(at)}`}${every}: ${sizes.join(', ')}`;
}

/** When an action runs first from `from` to `to`, both included; NaN when its recurrence cannot be read. */
function firstRun(action: ScheduledAction, from: number, to: number): number | undefined {
  const { start, end, recurrence, timeZone } = action;
  const begin = parseInstant(start) ?? Number.NEGATIVE_INFINITY;
  if (begin >= from) return begin <= to ? begin : undefined;
  if (recurrence === undefined) return undefined;
  const cron = parseCron(recurrence);
  if (!cron) return Number.NaN;
  const next = nextRun(cron, timeZone ?? 'UTC', from - 1);
  const last = Math.min(to, parseInstant(end) ?? Number.POSITIVE_INFINITY);
  return next === undefined || next > last ? undefined : next;
}

/** How far back the last run of a recurring action is looked for: an hour, a day, a week, a month, a year. */
const reaches = [hourMs, dayMs, 8 * dayMs, 32 * dayMs, 367 * dayMs];

/** When an action runs last from `from` to `to`. */
function lastRun(action: ScheduledAction, from: number, to: number): number | undefined {
  for (const reach of reaches) {
    let last: number | undefined;
    let next = firstRun(action, Math.max(from, to - reach), to);
    while (next !== undefined && !Number.isNaN(next)) {
      last = next;
      next = firstRun(action, last + 1, to);
    }
    if (last !== undefined || to - reach <= from) return last;
  }
  return undefined;
}

/**
 * The size that a group will have at a time to come, as far as the schedules of others say: what it goes back to after an event
 * is what it would have been without it, and not what it happened to be when the event was planned.
 */
export function sizeAt(
  actions: readonly ScheduledAction[],
  now: number,
  at: number,
  size: { min: number; desired: number },
): { min: number; desired: number } {
  const runs = actions
    .filter((one) => !isOwn(one))
    .flatMap((action) => {
      const last = lastRun(action, now + 1, at - 1);
      return last === undefined ? [] : [{ action, last }];
    })
    .sort((a, b) => a.last - b.last);
  return runs.reduce(({ min, desired }, { action }) => {
    const least = action.min ?? min;
    const most = action.max ?? Number.POSITIVE_INFINITY;
    return { min: Math.min(least, most), desired: Math.min(most, Math.max(least, action.desired ?? desired)) };
  }, size);
}
