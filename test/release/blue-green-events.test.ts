import { DescribeWarmPoolCommand } from '@aws-sdk/client-auto-scaling';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readGroup } from '../../src/aws/groups.ts';
import type { Services } from '../../src/fleet/services.ts';
import { planRelease } from '../../src/release/plan.ts';
import { planScale, planScaleCancel } from '../../src/scale/plan.ts';
import { readScale } from '../../src/scale/read-status.ts';
import { failingAfter, Simulated } from '../support/simulated.ts';

let world: Simulated;
let services: Services;
const blue = 'api-local';
const green = 'api-local-green';

beforeAll(async () => {
  world = await Simulated.create([
    ['verifySeconds: 5,', "strategy: 'blue-green', stepSeconds: 1, rollbackWindow: 400, verifySeconds: 5,"],
  ]);
  services = Object.assign(world.services, { vcpuQuota: async () => 1000 });
  expect((await release()).error).toBeUndefined();
}, 60_000);
afterAll(() => world?.close());

const release = async () => world.run(await planRelease(services, world.clock, {}));
const cancel = async () => world.run((await planScaleCancel(services, world.clock)) as never);
const scale = async (to: number, at?: number) =>
  world.run((await planScale(services, world.clock, { to, ...(at !== undefined && { at }) })) as never);
const hasPool = async (group: string) => {
  const { WarmPoolConfiguration } = await services.aws.autoScaling.send(
    new DescribeWarmPoolCommand({ AutoScalingGroupName: group }),
  );
  return WarmPoolConfiguration !== undefined && WarmPoolConfiguration.Status !== 'PendingDelete';
};

// One story: each release moves the traffic to the other group.
it('a release during an event keeps the size that the fleet returns to, and a failed one does not change it', async () => {
  expect((await scale(6)).outcome).toBe('done');
  const held = { group: blue, min: 6, desired: 6, heldFrom: { min: 4, desired: 4 } };
  expect(await readScale(services, world.clock)).toMatchObject(held);
  const failed = await world.run(failingAfter(await planRelease(services, world.clock, {}), 'promote'));
  expect(failed).toMatchObject({ outcome: 'rolled-back', leftovers: [] });
  expect(await readScale(services, world.clock)).toMatchObject(held);

  expect((await release()).error).toBeUndefined();
  expect(await readScale(services, world.clock)).toMatchObject({ ...held, group: green });
  expect((await cancel()).outcome).toBe('done');
  expect(await readGroup(services.aws.autoScaling, green)).toMatchObject({ min: 4, desired: 4 });
}, 60_000);

it('a release deletes the warm pool of the old group, which would fill up while that group terminates', async () => {
  services.fleet.scale.warmPool = 'Stopped';
  const at = world.clock.now() + 3_600_000;
  expect((await scale(6, at)).outcome).toBe('done');
  expect(await hasPool(green)).toBe(true);
  const failed = await world.run(failingAfter(await planRelease(services, world.clock, {}), 'verify'));
  expect(failed.outcome).toBe('rolled-back');
  expect((await release()).error).toBeUndefined();
  expect(await hasPool(green)).toBe(false);
  expect(await readScale(services, world.clock)).toMatchObject({
    group: blue,
    scheduled: [expect.objectContaining({ desired: 6 })],
    preheated: { eventPool: null },
  });
}, 60_000);
