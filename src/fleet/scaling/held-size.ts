import type { ScheduledAction } from '../../aws/scaling-settings.ts';
import { type Instant, instantOf, instantText } from '../../shared/instant.ts';
import type { Baseline } from './size.ts';
import { eventsOf, runningEvent } from './windows.ts';

/** Tag of a group that is held above its usual size: `<min>/<desired>/<since>/<until>`, times in ISO, `-` for no end. */
export const heldTag = 'golden-pipeline:scaled-from';

export function heldText({ min, desired }: Baseline, since: Instant, until: Instant | undefined): string {
  return `${min}/${desired}/${instantText(since)}/${until === undefined ? '-' : instantText(until)}`;
}

/**
 * The baseline of a group that is held now; undefined when it is not. The minimum alone says nothing: others may have changed it
 * since, and the instances are still there.
 */
function readBaseline(tag: string | undefined, live: Baseline, now: number): Baseline | undefined {
  const { min, desired, since, until } = readTag(tag) ?? {};
  if (min === undefined || desired === undefined || since === undefined || until === undefined) return undefined;
  if (now < since || now >= until) return undefined;
  return live.min > min || live.desired > desired ? { min, desired } : undefined;
}

/** The baseline of a group that is held now, by its tag or by an event that ends by the schedule; undefined when it is not held. */
export function heldBaseline(
  tag: string | undefined,
  actions: readonly ScheduledAction[],
  live: Baseline,
  now: number,
): Baseline | undefined {
  const tagged = readBaseline(tag, live, now);
  if (tagged) return tagged;
  const { min, desired } = runningEvent(eventsOf(actions, now))?.in ?? {};
  if (min === undefined) return undefined;
  const above = live.min > min || (desired !== undefined && live.desired > desired);
  return above ? { min, desired: desired ?? min } : undefined;
}

function readTag(tag: string | undefined) {
  const [, min, desired, since = '', until = ''] = /^(\d+)\/(\d+)\/([^/]+)\/([^/]+)$/.exec(tag ?? '') ?? [];
  if (min === undefined) return undefined;
  return {
    min: Number(min),
    desired: Number(desired),
    since: instantOf(since),
    until: until === '-' ? Number.POSITIVE_INFINITY : instantOf(until),
  };
}
