import type { Limits } from './compare.ts';
import type { RestartReport } from './restarts.ts';
import { chanceOf, rateOf, type Share } from './statistics.ts';
import type { RestartBaseline } from './types.ts';

/** How improbable a difference between two rates of restarts must be: there is one look at the end of a window. */
const significance = 0.01;

/** Restarts of a sample of instances in a window. */
export interface WindowRestarts {
  /** Instances whose service has restarted by itself, of those of which it is known. */
  restarted: number;
  known: number;
  /** All restarts that were counted. */
  times: number;
  /** Length of the window. */
  seconds: number;
  /** Instances that serve, of which the sample was taken. */
  serving: number;
}

/**
 * Whether the restarts of a window speak against a version: more instances than `unhealthyPercent` of the fleet explains, and more
 * often than before.
 * @param before undefined where it is not known; then the version fails when more than half of the instances have restarted.
 */
export function restartsConvict(
  now: WindowRestarts,
  before: RestartBaseline | undefined,
  limits: Pick<Limits, 'errorFactor'> & { unhealthyPercent: number },
): boolean {
  if (now.restarted === 0 || isTolerated(now, limits.unhealthyPercent)) return false;
  // What restarts by design does so before, too, unless its instances are younger than that takes.
  if (!before?.restarted && now.restarted * 2 > now.known) return true;
  if (!before) return false;
  // Each second of an instance is one in which its service can exit.
  const rate = { hits: now.times, of: Math.max(now.times, Math.round(now.known * now.seconds)) };
  const was = { hits: before.restarted, of: Math.max(before.restarted, Math.round(before.seconds)) };
  return rateOf(rate) >= limits.errorFactor * rateOf(was) && chanceOf(rate, was) < significance;
}

/** Whether a fleet with as many such instances as are allowed may well show so many of them in a sample. */
function isTolerated({ restarted, known, serving }: WindowRestarts, unhealthyPercent: number): boolean {
  const allowed = Math.floor((serving * unhealthyPercent) / 100);
  if (restarted > allowed) return false;
  const rest: Share = { hits: allowed - restarted, of: serving - known };
  return rest.of <= 0 || chanceOf({ hits: restarted, of: known }, rest) >= significance;
}

/** `the service has restarted by itself on 2 of 4 instances: i-1, i-2 (3 times), before: on none of 4 ...`. */
export function restartText(
  { restarted, known }: Pick<RestartReport, 'restarted' | 'known'>,
  before: RestartBaseline | undefined,
): string {
  const few = restarted.slice(0, 3).map(({ id, times }) => `${id}${times > 1 ? ` (${times} times)` : ''}`);
  const more = restarted.length > few.length ? ` and ${restarted.length - few.length} more` : '';
  const was = before
    ? `, before: on ${before.restarted === 0 ? 'none' : before.restarted} of ${before.instances}, which had run for ${spanText(before.seconds / before.instances)} on average`
    : '';
  return `the service has restarted by itself on ${restarted.length} of ${known} instances: ${few.join(', ')}${more}${was}`;
}

function spanText(seconds: number): string {
  if (seconds >= 7200) return `${Math.round(seconds / 3600)} h`;
  return seconds >= 120 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds)} s`;
}
