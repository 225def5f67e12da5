import {
  DescribeCapacityReservationCommand,
  DescribeLoadBalancersCommand,
  ModifyCapacityReservationCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { RequestServiceQuotaIncreaseCommand, ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { renderScale } from '../../src/cli/views/scale.ts';
import type { Services } from '../../src/fleet/services.ts';
import { planScale, planScaleCancel } from '../../src/scale/plan.ts';
import { readScale } from '../../src/scale/read-status.ts';
import { type ScalingFleet, scalingFleet } from '../support/scaling-fleet.ts';
import { failingAfter } from '../support/simulated.ts';

let world: ScalingFleet;
let services: Services;
let LoadBalancerArn: string;

beforeAll(async () => {
  world = await scalingFleet({ wire: true });
  services = world.services;
  services.fleet.scale.reservedCapacityUnits = 300;
  const Names = [services.fleet.names.loadBalancer];
  const { LoadBalancers } = await services.aws.elb.send(new DescribeLoadBalancersCommand({ Names }));
  LoadBalancerArn = LoadBalancers?.[0]?.LoadBalancerArn ?? '';
}, 60_000);
afterAll(() => world.close());
beforeEach(() => {
  world.notes.length = 0;
});

const read = () => services.aws.elb.send(new DescribeCapacityReservationCommand({ LoadBalancerArn }));
const units = async () => (await read()).MinimumLoadBalancerCapacity?.CapacityUnits ?? 0;
const reserve = (CapacityUnits: number) =>
  services.aws.elb.send(
    new ModifyCapacityReservationCommand({ LoadBalancerArn, MinimumLoadBalancerCapacity: { CapacityUnits } }),
  );
const provisioned = () =>
  world.until(read, ({ CapacityReservationState: all = [] }) =>
    all.every(({ State }) => State?.Code === 'provisioned'),
  );
const scale = async (to: number) => world.run(await planScale(services, world.clock, { to }));
const cancel = async () => world.run(await planScaleCancel(services, world.clock));
/** Fails once the units are in force: before that nothing can be rolled back. */
const fail = async (to: number) => {
  const plan = await planScale(services, world.clock, { to });
  const steps = plan.steps.map((step) =>
    step.id === 'preheat'
      ? {
          ...step,
          run: async (context: Parameters<typeof step.run>[0]) => {
            await step.run(context);
            await provisioned();
          },
        }
      : step,
  );
  return world.run(failingAfter({ ...plan, steps }, 'preheat'));
};

// One story: AWS counts decreases by the day, so what comes later depends on what was before.
it('a scale-out continues without capacity units while their quota is 0', async () => {
  const result = await scale(6);
  expect(result.error).toBeUndefined();
  expect(result.steps.find(({ id }) => id === 'preheat')?.status).toBe('done');
  expect(world.notes.join()).toContain('no capacity units were reserved: ');
  expect(await units()).toBe(0);
  expect((await cancel()).outcome).toBe('done');
}, 60_000);

it('a scale-out reserves capacity units for the event, and returns to the reservation of others', async () => {
  const { endpoint, region, credentials } = world.cloud;
  const quotas = new ServiceQuotasClient({ endpoint, region, credentials });
  const quota = { ServiceCode: 'elasticloadbalancing', QuotaCode: 'L-8A66D0E6', DesiredValue: 1_000 };
  await quotas.send(new RequestServiceQuotaIncreaseCommand(quota));
  quotas.destroy();
  await reserve(150);
  await provisioned();
  expect((await cancel()).outcome).toBe('done');
  expect(await units()).toBe(150);

  expect((await scale(6)).outcome).toBe('done');
  expect(await units()).toBe(300);
  expect((await scale(7)).outcome).toBe('done');
  expect(await units()).toBe(300);
  const status = await readScale(services, world.clock);
  expect(status.preheated).toEqual({ reservedCapacityUnits: 300, warmPool: false, eventPool: null });
  expect(renderScale(status)).toContain('300 capacity units of the load balancer are reserved');
  await provisioned();
  expect((await cancel()).outcome).toBe('done');
  expect(await units()).toBe(150);
}, 60_000);

it('a scale-out that fails undoes its reservation', async () => {
  await provisioned();
  expect(await fail(6)).toMatchObject({ outcome: 'rolled-back', leftovers: [] });
  expect(await units()).toBe(150);
}, 60_000);

it('a reservation that AWS does not lower again that day is reported', async () => {
  await provisioned();
  const failed = await fail(6);
  expect(failed.outcome).toBe('manual-intervention');
  expect(failed.leftovers.join()).toContain('300 capacity units stay reserved');
  expect((await cancel()).outcome).toBe('done');
  expect(world.notes.join()).toContain('repeat --cancel later');
  expect(await units()).toBe(300);
}, 60_000);
