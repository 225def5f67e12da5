import type { CreateAutoScalingGroupType } from '@aws-sdk/client-auto-scaling';
import { describe, expect, it } from 'vitest';
import { readShown } from '../../src/autoscaling/shown-settings.ts';
import { setUp } from './support.ts';

describe('settings that are shown', () => {
  it("have AWS's defaults, and keep what is not named", async () => {
    const f = setUp();
    await f.create();
    expect(await f.group()).toMatchObject({
      AvailabilityZoneDistribution: { CapacityDistributionStrategy: 'balanced-best-effort' },
      AvailabilityZoneImpairmentPolicy: { ZonalShiftEnabled: false },
      CapacityRebalance: false,
      CapacityReservationSpecification: { CapacityReservationPreference: 'default' },
      DeletionProtection: 'none',
      ServiceLinkedRoleARN: expect.stringContaining('AWSServiceRoleForAutoScaling'),
    });
    const update = (more: object) => f.send('UpdateAutoScalingGroup', { AutoScalingGroupName: 'api', ...more });
    await update({ CapacityRebalance: true, Context: 'c' });
    await update({ DesiredCapacityType: 'units', MaxInstanceLifetime: 0 });
    expect(await f.group()).toMatchObject({ CapacityRebalance: true, Context: 'c', DesiredCapacityType: 'units' });
  });

  it('balanced-only launches nothing elsewhere for a zone without room', async () => {
    const f = setUp();
    f.cloud.fullZones.add('eu-west-1b');
    const strategy = { CapacityDistributionStrategy: 'balanced-only' as const };
    await f.create({ DesiredCapacity: 6, AvailabilityZoneDistribution: strategy });
    expect(f.active().filter((i) => i.availabilityZone === 'eu-west-1b')).toEqual([]);
    expect(f.active()).toHaveLength(4);
    f.cloud.fullZones.clear();
    await f.cloud.clock.advance(30_000);
    expect(f.active().filter((i) => i.availabilityZone === 'eu-west-1b')).toHaveLength(2);
  });

  it.each([
    [{ DeletionProtection: 'maybe' }, 'Invalid DeletionProtection: maybe'],
    [{ DesiredCapacityType: 'vcpu' }, 'DesiredCapacityType vcpu is not supported by this cloud; use units'],
    [{ MaxInstanceLifetime: 86_400 }, 'MaxInstanceLifetime is not supported'],
    [
      { InstanceLifecyclePolicy: { RetentionTriggers: { TerminateHookAbandon: 'retain' } } },
      'TerminateHookAbandon retain is not supported',
    ],
    [
      { CapacityReservationSpecification: { CapacityReservationPreference: 'capacity-reservations-only' } },
      'capacity-reservations-only is not supported',
    ],
  ])('refuse %j', (more, message) => {
    expect(() => readShown(more as CreateAutoScalingGroupType)).toThrow(message);
  });
});
