import type { GroupFacts } from './leftover.ts';
import { operationDoes } from './tagged-operation.ts';

/**
 * The group that is to serve. A rollback that was not finished goes on where it has moved traffic, as somebody had a reason to leave what
 * served; everything else goes back. Without tags: the group with the larger part of the traffic.
 */
export function servingGroup(groups: readonly GroupFacts[]): GroupFacts {
  const [first, second] = groups;
  if (!first) throw new Error('a fleet has a group');
  if (!second) return first;
  const from = servedBefore(groups);
  if (!from?.before) return least(first) >= least(second) ? first : second;
  const to = from === first ? second : first;
  return operationDoes(from.before, 'goesOn') && to.shares.some((share) => share > 0) ? to : from;
}

/** The group that served before the run, by the tags. */
export function servedBefore(groups: readonly GroupFacts[]): GroupFacts | undefined {
  const tagged = groups.filter((one) => one.before);
  return tagged.reduce<GroupFacts | undefined>(
    (most, one) => (most?.before && most.before.weight >= (one.before?.weight ?? 0) ? most : one),
    undefined,
  );
}

const least = ({ shares }: GroupFacts): number => Math.min(1, ...shares);
