import { isDeepStrictEqual } from 'node:util';
import type { Outcome } from '@golden-pipeline/shared/errors';
import type { FleetSnapshot, GroupSnapshot } from './snapshot.ts';

/** How a run ended, as it says itself. */
export interface Ending {
  outcome: Outcome;
  leftovers: readonly string[];
  /** The version that it was to bring, or that serves. */
  version: string;
  /** The number of instances that it was to bring. */
  size?: number;
}

/**
 * What of a fleet contradicts how a run ended, one line each. A run that was not done must have left nothing behind; one that was done must
 * have changed the version, or the size, and nothing else. Manual intervention is a violation: no single fault may require it.
 */
export function violationsOf(before: FleetSnapshot, after: FleetSnapshot, ending: Ending): string[] {
  const { outcome, leftovers, version, size } = ending;
  if (outcome === 'manual-intervention') return [`manual intervention: ${leftovers.join('; ')}`];
  const done = outcome === 'done';
  const resized = size === undefined ? sizedAsServed(before, after) : ofSize(before, size);
  const expected = done ? onVersion(resized, version) : before;
  // Which images retention keeps is not what this is about.
  const compared = done ? { ...after, images: expected.images, snapshots: expected.snapshots } : after;
  return differences(withoutIdleVersion(expected), withoutIdleVersion(compared), '');
}

/** The same fleet with another number of instances, which the minimum keeps. */
const ofSize = (fleet: FleetSnapshot, size: number): FleetSnapshot => ({
  ...fleet,
  serving: grown(fleet.serving, [size, size, fleet.serving.size[2]]),
});

/** The same fleet, with an idle group of the size of the one that served, if it has that now: a group keeps its size when it is left. */
function sizedAsServed(fleet: FleetSnapshot, after: FleetSnapshot): FleetSnapshot {
  const { idle, serving } = fleet;
  if (!idle || !isDeepStrictEqual(after.idle?.size, serving.size)) return fleet;
  return { ...fleet, idle: grown(idle, serving.size) };
}

function grown(group: GroupSnapshot, size: GroupSnapshot['size']): GroupSnapshot {
  const lines = ([line = 'none']: string[]) => Array<string>(size[1]).fill(line);
  return { ...group, size, instances: lines(group.instances), targets: lines(group.targets) };
}

/** The same fleet with another version on it. */
function onVersion(fleet: FleetSnapshot, version: string): FleetSnapshot {
  const previous = versionOf(fleet.serving.launches);
  const moved = (one: unknown): unknown => {
    if (typeof one === 'string') return one.replace(/\bv\d+\b/, (name) => (name === previous ? version : name));
    if (Array.isArray(one)) return one.map(moved);
    if (one === null || typeof one !== 'object') return one;
    return Object.fromEntries(Object.entries(one).map(([key, value]) => [key, moved(value)]));
  };
  return moved(fleet) as FleetSnapshot;
}

/**
 * The group that is kept to switch back to may be on any version: the one that has served before, or what the undo of a crashed run has
 * left there. All of it must be on one.
 */
function withoutIdleVersion(fleet: FleetSnapshot): FleetSnapshot {
  const { idle } = fleet;
  if (!idle) return fleet;
  const version = versionOf(idle.launches);
  const names = (lines: string[]) => lines.map((line) => line.replace(new RegExp(`^${version} `), 'idle '));
  return {
    ...fleet,
    idle: { ...idle, launches: 'idle', instances: names(idle.instances), targets: names(idle.targets) },
  };
}

/** The version in the name of an image. */
export const versionOf = (image: string): string => /v\d+$/.exec(image)?.[0] ?? image;

/** Where two things differ, a line each. */
export function differences(expected: unknown, found: unknown, at: string): string[] {
  if (isDeepStrictEqual(expected, found)) return [];
  if (isTable(expected) && isTable(found)) {
    const keys = new Set([...Object.keys(expected), ...Object.keys(found)]);
    return [...keys].flatMap((key) => differences(expected[key], found[key], at === '' ? key : `${at}.${key}`));
  }
  return [`${at} is ${JSON.stringify(found)} instead of ${JSON.stringify(expected)}`];
}

function isTable(one: unknown): one is Record<string, unknown> {
  return typeof one === 'object' && one !== null && !Array.isArray(one);
}
