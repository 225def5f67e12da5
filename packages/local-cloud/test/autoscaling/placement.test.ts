import fc from '@golden-pipeline/shared/testing/fast-check';
import { describe, expect, it } from 'vitest';
import { countByZone, placeLaunches, placesOf } from '../../src/autoscaling/placement.ts';
import { emptyState, type GroupInstance, type GroupRecord } from '../../src/model.ts';
import { homeRegion } from '../../src/regions.ts';

const { zones, subnets } = homeRegion;
const network = { region: homeRegion, state: emptyState() };

const groupOf = (counts: number[], more: object = {}) =>
  ({
    availabilityZones: [...zones],
    subnetIds: [],
    instances: counts.flatMap((count, n) =>
      Array.from({ length: count }, () => ({ lifecycleState: 'InService', availabilityZone: zones[n] })),
    ),
    ...more,
  }) as unknown as GroupRecord;

const counts = fc.tuple(fc.nat(8), fc.nat(8), fc.nat(8)).map((t) => [...t]);

describe('placement', () => {
  it('uses the default subnets of zones, and else the subnets that are named', () => {
    expect(placesOf(network, groupOf([]))).toEqual(
      zones.map((zone) => ({ availabilityZone: zone, subnetId: subnets[zone] })),
    );
    const subnetIds = [subnets[zones[0]]];
    expect(placesOf(network, groupOf([], { subnetIds }))).toHaveLength(1);
  });

  it('places all, and leaves the zones as even as they can be', () => {
    fc.assert(
      fc.property(counts, fc.nat(30), (held, count) => {
        const group = groupOf(held);
        const plan = placeLaunches(network, group, count);
        expect(plan.reduce((sum, p) => sum + p.count, 0)).toBe(count);
        const after = zones.map(
          (zone, n) => (held[n] ?? 0) + (plan.find((p) => p.place.availabilityZone === zone)?.count ?? 0),
        );
        // Only a zone that got nothing may stand out above the others.
        for (const { place } of plan) {
          const own = after[zones.indexOf(place.availabilityZone)] ?? 0;
          expect(own - Math.min(...after)).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  it('leaves full zones out, and places nothing when all are', () => {
    fc.assert(
      fc.property(counts, fc.integer({ min: 1, max: 30 }), fc.subarray([...zones]), (held, count, full) => {
        const plan = placeLaunches(network, groupOf(held), count, { full: new Set(full) });
        const placed = plan.reduce((sum, p) => sum + p.count, 0);
        expect(placed).toBe(full.length === zones.length ? 0 : count);
        expect(plan.filter((p) => full.includes(p.place.availabilityZone))).toEqual([]);
      }),
    );
  });

  it('evens out the instances that it is given instead of the group’s own', () => {
    const among = [{ availabilityZone: zones[0] }] as GroupInstance[];
    const plan = placeLaunches(network, groupOf([0, 5, 5]), 2, { among });
    expect(plan.map((p) => p.place.availabilityZone)).toEqual(zones.slice(1));
    expect(countByZone(among)).toEqual(new Map([[zones[0], 1]]));
  });
});
