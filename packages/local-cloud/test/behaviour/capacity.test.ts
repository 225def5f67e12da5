import {
  DescribeCapacityReservationCommand,
  DescribeLoadBalancersCommand,
  ModifyCapacityReservationCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { RequestServiceQuotaIncreaseCommand, ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quotaCodes } from '../../src/quotas/known.ts';
import { delayProfiles } from '../../src/settings.ts';
import { openWorld, refusal, type World } from './support.ts';

let world: World;
let quotas: ServiceQuotasClient;

openWorld(
  (opened) => {
    world = opened;
  },
  { wire: true, delays: { ...delayProfiles.quick, capacityProvisioning: 20_000 } },
);
beforeAll(() => {
  quotas = new ServiceQuotasClient({ ...world.config(), maxAttempts: 1 });
});
afterAll(() => quotas.destroy());

const raise = (DesiredValue: number) =>
  quotas.send(
    new RequestServiceQuotaIncreaseCommand({
      ...{ ServiceCode: 'elasticloadbalancing', QuotaCode: quotaCodes.unitsOfRegion, DesiredValue },
    }),
  );
const reserve = (LoadBalancerArn: string, CapacityUnits: number) =>
  world.elb.send(
    new ModifyCapacityReservationCommand({ LoadBalancerArn, MinimumLoadBalancerCapacity: { CapacityUnits } }),
  );
const reset = (LoadBalancerArn: string) =>
  world.elb.send(new ModifyCapacityReservationCommand({ LoadBalancerArn, ResetCapacityReservation: true }));
const read = (LoadBalancerArn: string) => world.elb.send(new DescribeCapacityReservationCommand({ LoadBalancerArn }));
const balancer = async () => {
  const arn = await world.balancer();
  await world.until(
    () => world.elb.send(new DescribeLoadBalancersCommand({ LoadBalancerArns: [arn] })),
    ({ LoadBalancers }) => LoadBalancers?.[0]?.State?.Code === 'active',
  );
  return arn;
};
const provisioned = (arn: string) =>
  world.until(
    () => read(arn),
    ({ CapacityReservationState: zones = [] }) => zones.every(({ State }) => State?.Code === 'provisioned'),
  );

describe('reserved capacity units', () => {
  it('ELB-CAP-02 are none until the quota is raised', async () => {
    const arn = await balancer();
    expect(await refusal(reserve(arn, 100))).toBe('CapacityUnitsLimitExceededException');
    await raise(2_000);
    await reserve(arn, 1_500);
    expect(await refusal(reserve(await balancer(), 600))).toBe('CapacityUnitsLimitExceededException');
    await raise(100_000);
  });

  it('ELB-CAP-01 are pending, then in force in each zone; meanwhile they cannot be changed', async () => {
    const arn = await balancer();
    const took = await world.took(async () => {
      const { CapacityReservationState: zones = [] } = await reserve(arn, 300);
      expect(zones.map(({ State, EffectiveCapacityUnits }) => [State?.Code, EffectiveCapacityUnits])).toEqual(
        Array.from({ length: 3 }, () => ['pending', 0]),
      );
      expect(await refusal(reserve(arn, 400))).toBe('CapacityReservationPendingException');
      const { CapacityReservationState: after = [] } = await provisioned(arn);
      expect(after.map(({ EffectiveCapacityUnits }) => EffectiveCapacityUnits)).toEqual([100, 100, 100]);
    });
    expect(took).toBeGreaterThanOrEqual(world.delays.capacityProvisioning);
  });

  it('ELB-CAP-03 are 100 at the least, and made fewer twice a day', async () => {
    const arn = await balancer();
    expect(await refusal(reserve(arn, 99))).toBe('ValidationError');
    for (const units of [300, 200, 400, 300]) {
      await reserve(arn, units);
      await provisioned(arn);
    }
    expect((await read(arn)).DecreaseRequestsRemaining).toBe(0);
    expect(await refusal(reserve(arn, 200))).toBe('CapacityDecreaseRequestsLimitExceededException');
    await reserve(arn, 500);
  });

  it('ELB-CAP-04 are given back by a reset, which is a request of its own', async () => {
    const arn = await balancer();
    await reserve(arn, 200);
    const { LastModifiedTime } = await provisioned(arn);
    expect((await reserve(arn, 200)).LastModifiedTime).toEqual(LastModifiedTime);
    const both = { MinimumLoadBalancerCapacity: { CapacityUnits: 200 }, ResetCapacityReservation: true };
    for (const request of [{}, both])
      expect(
        await refusal(world.elb.send(new ModifyCapacityReservationCommand({ LoadBalancerArn: arn, ...request }))),
      ).toBe('InvalidConfigurationRequestException');
    await reset(arn);
    expect((await read(arn)).MinimumLoadBalancerCapacity).toBeUndefined();
  });
});
