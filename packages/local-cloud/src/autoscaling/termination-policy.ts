import type { CloudState, GroupInstance, GroupRecord } from '../model.ts';
import { isPending } from './lifecycle-states.ts';
import { countByZone } from './placement.ts';

type Order = (a: GroupInstance, b: GroupInstance) => number;

/** The policies this cloud knows, as DescribeTerminationPolicyTypes would list them. */
export const terminationPolicyNames = [
  'AllocationStrategy',
  'ClosestToNextInstanceHour',
  'Default',
  'NewestInstance',
  'OldestInstance',
  'OldestLaunchConfiguration',
  'OldestLaunchTemplate',
];

/**
 * Chooses what a scale-in ends: first what does not serve yet or any more (so that capacity in service is the last to go),
 * then from the zone with most instances, by the group's policies. Instances protected from scale-in are never chosen.
 */
export function chooseVictims(
  state: CloudState,
  group: GroupRecord,
  candidates: GroupInstance[],
  count: number,
  isReady: (instance: GroupInstance) => boolean,
): GroupInstance[] {
  const open = candidates.filter((i) => !i.protectedFromScaleIn);
  const zones = countByZone(candidates);
  const rank = (i: GroupInstance) => (isPending(i) ? 0 : isReady(i) ? 2 : 1);
  const order = policyOrder(state, group);
  open.sort((a, b) => rank(a) - rank(b) || order(a, b));
  const victims: GroupInstance[] = [];
  while (victims.length < count && open.length > 0) {
    const lowest = rank(open[0] as GroupInstance);
    const peers = open.filter((i) => rank(i) === lowest);
    const most = Math.max(...peers.map((i) => zones.get(i.availabilityZone) ?? 0));
    // `peers` keeps the policy's order, so the first of the fullest zone is the policy's choice there.
    const victim = peers.find((i) => (zones.get(i.availabilityZone) ?? 0) === most) as GroupInstance;
    open.splice(open.indexOf(victim), 1);
    zones.set(victim.availabilityZone, most - 1);
    victims.push(victim);
  }
  return victims;
}

/** The group's policies one after the other; `Default` is the oldest template version, then the oldest instance. */
function policyOrder(state: CloudState, group: GroupRecord): Order {
  const launched = (i: GroupInstance) => state.instances[i.instanceId]?.launchTime ?? 0;
  const oldest: Order = (a, b) => launched(a) - launched(b);
  const oldestTemplate: Order = (a, b) => a.launchTemplate.version - b.launchTemplate.version;
  const orders: Record<string, Order[]> = {
    Default: [oldestTemplate, oldest],
    OldestInstance: [oldest],
    NewestInstance: [(a, b) => oldest(b, a)],
    OldestLaunchTemplate: [oldestTemplate],
  };
  const chain = [...group.terminationPolicies, 'Default'].flatMap((policy) => orders[policy] ?? []);
  return (a, b) => {
    for (const order of chain) {
      const by = order(a, b);
      if (by !== 0) return by;
    }
    return 0;
  };
}
