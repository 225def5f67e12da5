import { beforeEach, expect, it } from 'vitest';
import { quotaCodes } from '../../src/quotas/known.ts';
import { subnets, type TestCloud, testCloud } from './support/cloud.ts';

const none = 'arn:aws:elasticloadbalancing:eu-west-1:000000000000:loadbalancer/app/none/0';

let cloud: TestCloud;
let arn: string;

const dayMs = 24 * 3600 * 1000;
const create = async (Name: string): Promise<string> =>
  (await cloud.call('CreateLoadBalancer', { Name, Subnets: subnets })).LoadBalancers[0].LoadBalancerArn;
const modify = (request: Record<string, unknown>, LoadBalancerArn = arn) =>
  cloud.call('ModifyCapacityReservation', { LoadBalancerArn, ...request });
const reserve = (CapacityUnits: number, of = arn) => modify({ MinimumLoadBalancerCapacity: { CapacityUnits } }, of);
const reset = () => modify({ ResetCapacityReservation: true });
const read = (LoadBalancerArn = arn) => cloud.call('DescribeCapacityReservation', { LoadBalancerArn });
const provisioned = () => cloud.clock.advance(cloud.context.delays.capacityProvisioning);
const refused = (call: Promise<unknown>, code: string) =>
  expect(call).rejects.toMatchObject({ name: 'CloudError', code });

beforeEach(async () => {
  cloud = testCloud();
  cloud.context.state.quotas = { [quotaCodes.unitsOfRegion]: 20_000 };
  arn = await create('lb');
  await cloud.clock.advance(cloud.context.delays.balancerProvisioning);
});

it('is nothing at first, pending with what was in force, then spread over the zones', async () => {
  expect(await read()).toEqual({ DecreaseRequestsRemaining: 2 });
  await reserve(300);
  await provisioned();
  const asked = await reserve(600);
  expect(asked).toMatchObject({ MinimumLoadBalancerCapacity: { CapacityUnits: 600 }, DecreaseRequestsRemaining: 2 });
  expect(asked.LastModifiedTime).toEqual(new Date(cloud.clock.now()));
  const zone = (Code: string, EffectiveCapacityUnits: number) =>
    ['a', 'b', 'c'].map((letter) => ({
      ...{ AvailabilityZone: `eu-west-1${letter}`, State: { Code }, EffectiveCapacityUnits },
    }));
  expect((await read()).CapacityReservationState).toEqual(zone('pending', 100));
  await provisioned();
  expect((await read()).CapacityReservationState).toEqual(zone('provisioned', 200));
});

it('cannot be changed or reset while it is pending, but asked for again', async () => {
  await reserve(300);
  await refused(reserve(400), 'CapacityReservationPending');
  await refused(reset(), 'CapacityReservationPending');
  expect((await reserve(300)).MinimumLoadBalancerCapacity).toEqual({ CapacityUnits: 300 });
  await provisioned();
  await reserve(400);
});

it('counts against the quotas of the load balancer and of the region', async () => {
  const other = await create('other');
  await cloud.clock.advance(cloud.context.delays.balancerProvisioning);
  await refused(reserve(15_001), 'CapacityUnitsLimitExceeded');
  await reserve(15_000);
  await refused(reserve(5_001, other), 'CapacityUnitsLimitExceeded');
  await reserve(5_000, other);
  await cloud.call('DeleteLoadBalancer', { LoadBalancerArn: other });
  expect(Object.keys(cloud.context.state.loadBalancers)).toEqual([arn]);
});

it('is made smaller twice a day, a reset among them', async () => {
  for (const units of [500, 400, 600]) {
    await reserve(units);
    await provisioned();
  }
  expect((await read()).DecreaseRequestsRemaining).toBe(1);
  await reset();
  expect(await read()).toEqual({ DecreaseRequestsRemaining: 0, LastModifiedTime: new Date(cloud.clock.now()) });
  await provisioned();
  await reserve(200);
  await provisioned();
  await refused(reserve(100), 'CapacityDecreaseRequestLimitExceeded');
  await refused(reset(), 'CapacityDecreaseRequestLimitExceeded');
  await cloud.clock.advance(dayMs);
  expect((await read()).DecreaseRequestsRemaining).toBe(2);
  await reset();
});

it('refuses what makes no sense, and changes nothing', async () => {
  for (const units of [0, 99, -1, 100.5]) await refused(reserve(units), 'ValidationError');
  await refused(modify({}), 'InvalidConfigurationRequest');
  await refused(
    modify({ MinimumLoadBalancerCapacity: { CapacityUnits: 100 }, ResetCapacityReservation: true }),
    'InvalidConfigurationRequest',
  );
  await refused(modify({ ResetCapacityReservation: true }, none), 'LoadBalancerNotFound');
  await refused(read(none), 'LoadBalancerNotFound');
  await refused(reserve(100, await create('young')), 'PriorRequestNotComplete');
  expect(await read()).toEqual({ DecreaseRequestsRemaining: 2 });
});
