import type { GroupInstance, GroupRecord } from '../model.ts';
import { findSubnet, type NetworkContext } from '../network.ts';
import { activeInstances } from './groups.ts';

/** After a zone had no room, rebalancing asks it again that much later. AWS's own figure is unpublished. */
export const FULL_ZONE_PAUSE_MS = 300_000;

/** More than a region's limit of instances, so EC2 still refuses what is too much; a slip in a number must not cost minutes here. */
const MOST_AT_ONCE = 2_500;

/** Where one instance goes. */
export interface Place {
  availabilityZone: string;
  subnetId: string;
}

/** Zones and subnets a group may use; a group made with zones alone uses their default subnets. */
export function placesOf(network: NetworkContext, group: GroupRecord): Place[] {
  if (group.subnetIds.length === 0) {
    return group.availabilityZones.map((zone) => ({
      availabilityZone: zone,
      subnetId: network.region.subnets[zone] ?? '',
    }));
  }
  return group.subnetIds.map((subnetId) => ({ availabilityZone: findSubnet(network, subnetId)?.zone ?? '', subnetId }));
}

/** How many of `instances` each zone holds. */
export function countByZone(instances: GroupInstance[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const i of instances) counts.set(i.availabilityZone, (counts.get(i.availabilityZone) ?? 0) + 1);
  return counts;
}

/**
 * Spreads `count` launches so that the zones end as even as they can; one entry for each place used.
 * @param full zones that are left out
 * @param among the instances that are to be even, with the new ones; the group's own unless given
 */
export function placeLaunches(
  network: NetworkContext,
  group: GroupRecord,
  count: number,
  { full = new Set(), among = activeInstances(group) }: { full?: ReadonlySet<string>; among?: GroupInstance[] } = {},
): { place: Place; count: number }[] {
  const places = placesOf(network, group).filter(({ availabilityZone }) => !full.has(availabilityZone));
  const zones = countByZone(among);
  const planned = places.map((place) => ({ place, count: 0 }));
  for (let n = 0; n < Math.min(count, MOST_AT_ONCE); n++) {
    let best = planned[0];
    for (const p of planned) {
      if (best && (zones.get(p.place.availabilityZone) ?? 0) < (zones.get(best.place.availabilityZone) ?? 0)) best = p;
    }
    if (!best) return [];
    best.count++;
    zones.set(best.place.availabilityZone, (zones.get(best.place.availabilityZone) ?? 0) + 1);
  }
  return planned.filter((p) => p.count > 0);
}
