import type { RefreshRecord } from '../../model.ts';

/** How far a refresh may go at once. */
export interface Bounds {
  /** Instances in service and warmed up that a replacement must leave. */
  floor: number;
  /** Instances in service or pending that it must not exceed. */
  cap: number;
}

/**
 * The bounds of a refresh for a desired capacity. The healthy minimum is rounded up, the maximum down, as both are limits.
 * Where they leave no room for even one replacement, one instance is replaced at a time: launched first when the caller
 * named the maximum, ended first when not (RefreshPreferences.MaxHealthyPercentage in the SDK's typings).
 */
export function refreshBounds(desired: number, preferences: RefreshRecord['preferences']): Bounds {
  const floor = Math.ceil((desired * preferences.minHealthyPercentage) / 100);
  const cap = Math.max(desired, Math.floor((desired * preferences.maxHealthyPercentage) / 100));
  if (floor < desired || cap > desired) return { floor, cap };
  return preferences.maxHealthyExplicit ? { floor, cap: desired + 1 } : { floor: Math.max(0, desired - 1), cap };
}

/** How many of the old instances the present phase may still replace: up to the next checkpoint. */
export function phaseQuota(percentages: number[], checkpoint: number, total: number, remaining: number): number {
  const limit =
    percentages.length === 0
      ? total
      : Math.ceil((total * (percentages[Math.min(checkpoint, percentages.length - 1)] ?? 100)) / 100);
  return Math.max(0, Math.min(remaining, limit - (total - remaining)));
}

/** What a pass over a running refresh counts. */
export interface Count {
  desired: number;
  /** In service or pending. */
  active: number;
  /** Of those, the ones this refresh may end now. */
  replaceable: number;
  /** In service, healthy and warmed up. */
  ready: number;
  quota: number;
}

/** The moves a refresh may make now; each keeps within the bounds by itself. */
export interface Moves {
  launch: number;
  /** How many ready old instances may be ended. */
  endReady: number;
  /** How many old instances that do not serve may be ended. */
  endIdle: number;
  /** How many are too many, after the desired capacity was lowered. */
  scaleIn: number;
}

/** Ends first, then launches: launches are counted after the ends, so that a wave is as large as the bounds allow. */
export function planMoves(count: Count, bounds: Bounds, readyOld: number): Moves {
  const { desired, quota } = count;
  const idleOld = count.replaceable - readyOld;
  const endIdle = Math.min(idleOld, quota);
  const endReady = Math.max(0, Math.min(readyOld, quota - endIdle, count.ready - bounds.floor));
  const ended = endIdle + endReady;
  const active = count.active - ended;
  const room = Math.max(desired, Math.min(bounds.cap, desired + quota - ended));
  const kept = count.active - count.replaceable;
  const launch = Math.max(0, Math.min(room - active, desired - kept));
  return { launch, endReady, endIdle, scaleIn: Math.max(0, active - room) };
}
