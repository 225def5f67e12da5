import type { Group } from '../aws/groups.ts';

/** Limits and desired capacity of a group, or some of them. */
export type Size = Partial<Pick<Group, 'min' | 'max' | 'desired'>>;

/**
 * What of a group's size an undo restores. A value other than the run gave it was set by somebody else since then (a policy, a
 * schedule, another tool) and stays; what is restored keeps within the limits that the group has by then, as Auto Scaling refuses others.
 * @param live The group's size now.
 * @param given What the run gave it; a key that is not there was not changed.
 * @param before What it had before that.
 * @returns only what differs from `live`; empty when there is nothing to do
 */
export function sizeToRestore(live: Required<Size>, given: Size, before: Size): Size {
  const back = (key: keyof Size) => (live[key] === given[key] ? before[key] : undefined) ?? live[key];
  const max = back('max');
  const min = Math.min(back('min'), max);
  const desired = Math.min(Math.max(back('desired'), min), max);
  return {
    ...(min !== live.min && { min }),
    ...(max !== live.max && { max }),
    ...(desired !== live.desired && { desired }),
  };
}
