import type { GroupInstance, GroupRecord } from '../model.ts';

type Member = Pick<GroupInstance, 'lifecycleState'>;

/** On its way into service, held by launching hooks or not. */
export function isPending({ lifecycleState }: Member): boolean {
  return lifecycleState === 'Pending' || lifecycleState === 'Pending:Wait' || lifecycleState === 'Pending:Proceed';
}

/** On its way out for good, held by terminating hooks or not; out of the warm pool too. */
export function isTerminating({ lifecycleState }: Member): boolean {
  return lifecycleState.startsWith('Terminating') || lifecycleState.startsWith('Warmed:Terminating');
}

/** In the warm pool, or on the way into or out of it. */
export function isWarm({ lifecycleState }: Member): boolean {
  return lifecycleState.startsWith('Warmed:');
}

/** Held by a lifecycle hook. */
export function isHeld({ lifecycleState }: Member): boolean {
  return lifecycleState.endsWith(':Wait');
}

/** Members of the warm pool that stay in it. */
export function poolMembers(group: GroupRecord): GroupInstance[] {
  return group.instances.filter((i) => isWarm(i) && !isTerminating(i));
}

/** Members of the group proper, which DescribeAutoScalingGroups lists. */
export function groupMembers(group: GroupRecord): GroupInstance[] {
  return group.instances.filter((i) => !isWarm(i));
}
