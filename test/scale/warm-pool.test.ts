import {
  DescribeWarmPoolCommand,
  PutScheduledUpdateGroupActionCommand,
  PutWarmPoolCommand,
} from '@aws-sdk/client-auto-scaling';
import { DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { readGroup } from '../../src/aws/groups.ts';
import { deleteScheduledActions } from '../../src/aws/scaling-settings.ts';
import { deleteWarmPool } from '../../src/aws/warm-pool.ts';
import { renderScale } from '../../src/cli/views/scale.ts';
import { diagnose } from '../../src/doctor/diagnose.ts';
import type { DoctorServices } from '../../src/doctor/services.ts';
import { planScale, planScaleCancel } from '../../src/scale/plan.ts';
import { readScale } from '../../src/scale/read-status.ts';
import { type ScalingFleet, scalingFleet } from '../support/scaling-fleet.ts';
import { failingAfter } from '../support/simulated.ts';

let world: ScalingFleet;
let services: DoctorServices;

beforeAll(async () => {
  world = await scalingFleet();
  services = world.services;
  services.fleet.instance.hourlyPrice = 0.02;
}, 60_000);
afterAll(() => world.close());

afterEach(async () => {
  await cancel();
  await deleteWarmPool(services.aws.autoScaling, group());
  await world.usual();
  await world.until(pool, ({ configured }) => !configured);
  services.fleet.scale.warmPool = undefined;
}, 60_000);

const hour = 3_600_000;
const group = () => services.fleet.names.group;
const in_ = (ms: number) => Math.ceil((world.clock.now() + ms) / 1000) * 1000;
const plan = (to: number, times: { at?: number; until?: number } = {}) =>
  planScale(services, world.clock, { to, ...times });
const cancel = async () => world.run(await planScaleCancel(services, world.clock));
const instances = async () => (await readGroup(services.aws.autoScaling, group())).instances.length;
const pool = async () => {
  const { WarmPoolConfiguration, Instances = [] } = await services.aws.autoScaling.send(
    new DescribeWarmPoolCommand({ AutoScalingGroupName: group() }),
  );
  return {
    /** Until its last instance is gone AWS takes no other pool. */
    gone: WarmPoolConfiguration === undefined,
    configured: WarmPoolConfiguration !== undefined && WarmPoolConfiguration.Status !== 'PendingDelete',
    ready: Instances.filter(({ LifecycleState }) => /^Warmed:(Stopped|Running)$/.test(LifecycleState ?? '')).length,
    prepared: WarmPoolConfiguration?.MaxGroupPreparedCapacity,
  };
};
/** Ids of all instances that there are and were. */
const launched = async () => {
  const { Reservations = [] } = await services.aws.ec2.send(new DescribeInstancesCommand({}));
  return Reservations.flatMap(({ Instances = [] }) => Instances.map(({ InstanceId }) => InstanceId)).sort();
};
const refusal = (...request: Parameters<typeof plan>) =>
  plan(...request).then(
    () => undefined,
    (reason: unknown) => reason,
  );
const finding = async (id: string) => (await diagnose(services, world.clock)).find((one) => one.id === id);

it('a warm pool fills up again after a scale-in by the schedule, which is why an event with a pool ends with --cancel', async () => {
  services.fleet.scale.warmPool = 'Stopped';
  const error = await refusal(8, { at: in_(hour), until: in_(2 * hour) });
  expect(error).toMatchObject({
    code: 'scale.pool-end',
    outcome: 'usage',
    message: expect.stringContaining('AWS would start 4 instances anew'),
    fix: expect.stringContaining('pipeline scale api --cancel'),
  });
  expect((await pool()).configured).toBe(false);

  const at = in_(200_000);
  const planned = await plan(8, { at });
  expect(planned.described.preheat).toEqual([
    `a warm pool of ${group()}: 4 more instances prepared, Stopped, until they are taken or --cancel`,
    'their disks, and the minutes of their first boot, are paid for from now on',
  ]);
  expect((await world.run(planned)).error).toBeUndefined();
  await world.until(pool, ({ ready }) => ready === 4);
  expect(renderScale(await readScale(services, world.clock))).toContain(
    'a warm pool (Stopped) prepares up to 8 instances, until --cancel',
  );
  expect(await finding('fleet.preheated')).toBeUndefined();
  await world.until(instances, (n) => n === 8);
  expect((await pool()).ready).toBe(0);
  // Even now an end by the schedule would fill it.
  expect(await refusal(8, { until: in_(hour) })).toMatchObject({ code: 'scale.pool-end' });

  // What such an end does, made by hand.
  await services.aws.autoScaling.send(
    new PutScheduledUpdateGroupActionCommand({
      AutoScalingGroupName: group(),
      ScheduledActionName: 'by-hand',
      StartTime: new Date(in_(20_000)),
      MinSize: 4,
      DesiredCapacity: 4,
    }),
  );
  await world.until(pool, ({ ready }) => ready === 4);
  await deleteScheduledActions(services.aws.autoScaling, group(), ['by-hand']);
  expect(await finding('fleet.preheated')).toMatchObject({
    severity: 'warning',
    message: expect.stringContaining('a warm pool (Stopped) of up to 8 instances'),
    fix: 'pipeline scale api --cancel',
  });
  expect((await cancel()).outcome).toBe('done');
  expect((await pool()).configured).toBe(false);
  expect(await finding('fleet.preheated')).toBeUndefined();
}, 60_000);

it('a warm pool is gone after --cancel, and no instance was launched for it meanwhile', async () => {
  services.fleet.scale.warmPool = 'Running';
  const planned = await plan(8, { at: in_(150_000) });
  expect(planned.described.preheat).toContain('+4 t3.small at 0.02: +0.08 an hour from now on');
  expect((await world.run(planned)).error).toBeUndefined();
  await world.until(
    () => readScale(services, world.clock),
    ({ healthy }) => healthy === 8,
  );
  // No longer configured: what was made is ended all the same.
  services.fleet.scale.warmPool = undefined;
  const before = await launched();
  expect((await cancel()).outcome).toBe('done');
  await world.until(instances, (n) => n === 4);
  expect(await launched()).toEqual(before);
  expect(await pool()).toMatchObject({ configured: false, ready: 0 });
}, 60_000);

it('a warm pool is deleted first when the fleet is scaled in by hand', async () => {
  services.fleet.scale.warmPool = 'Stopped';
  expect((await world.run(await plan(8, { at: in_(60_000) }))).error).toBeUndefined();
  await world.until(
    () => readScale(services, world.clock),
    ({ healthy }) => healthy === 8,
  );
  expect((await world.run(await plan(6))).outcome).toBe('done');
  expect((await pool()).configured).toBe(false);
}, 60_000);

it('a warm pool is removed by a run that fails, and a pool of the team is left alone', async () => {
  services.fleet.scale.warmPool = 'Stopped';
  const failed = await world.run(failingAfter(await plan(8, { at: in_(hour) }), 'preheat'));
  expect(failed).toMatchObject({ outcome: 'rolled-back', leftovers: [] });
  await world.until(pool, ({ gone }) => gone);

  await services.aws.autoScaling.send(
    new PutWarmPoolCommand({ AutoScalingGroupName: group(), PoolState: 'Stopped', MaxGroupPreparedCapacity: 5 }),
  );
  const times = { at: in_(hour), until: in_(2 * hour) };
  world.notes.length = 0;
  expect((await world.run(await plan(8, times))).outcome).toBe('done');
  expect(world.notes.join()).toContain('has a warm pool already; it stays as it is');
  expect((await cancel()).outcome).toBe('done');
  expect(await pool()).toMatchObject({ configured: true, prepared: 5 });
}, 60_000);
