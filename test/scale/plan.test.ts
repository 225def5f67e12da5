import { StartInstanceRefreshCommand } from '@aws-sdk/client-auto-scaling';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readGroup, resumeProcesses, setCapacity, suspendProcesses } from '../../src/aws/groups.ts';
import { cancelRefresh, isActive, readRefresh } from '../../src/aws/refreshes.ts';
import { deletePolicy, putPolicy, readScheduledActions } from '../../src/aws/scaling-settings.ts';
import type { Step } from '../../src/engine/step.ts';
import type { Services } from '../../src/fleet/services.ts';
import { planScale, planScaleCancel } from '../../src/scale/plan.ts';
import { readScale } from '../../src/scale/read-status.ts';
import type { ScaleState } from '../../src/scale/state.ts';
import { type ScalingFleet, scalingFleet } from '../support/scaling-fleet.ts';
import { failingAfter } from '../support/simulated.ts';

let world: ScalingFleet;
let services: Services;
let quota: number | Error = 1000;

beforeAll(async () => {
  world = await scalingFleet();
  services = Object.assign(world.services, {
    vcpuQuota: async () => {
      if (quota instanceof Error) throw quota;
      return quota;
    },
  });
}, 60_000);
afterAll(() => world.close());

afterEach(async () => {
  quota = 1000;
  await world.usual();
}, 60_000);

const group = () => services.fleet.names.group;
const scale = async (to: number, times: { at?: number; until?: number } = {}) =>
  world.run(await planScale(services, world.clock, { to, ...times }));
const size = async () => {
  const { min, desired } = await readGroup(services.aws.autoScaling, group());
  return { min, desired };
};
const in_ = (seconds: number) => world.clock.now() + seconds * 1000;
const actions = async () =>
  (await readScheduledActions(services.aws.autoScaling, group())).map(({ name, min, desired }) => ({
    name,
    min,
    desired,
  }));

describe('an immediate scale-out', () => {
  it('validates the image, holds the new size, and returns to the usual size', async () => {
    const result = await scale(8);
    expect(result.error).toBeUndefined();
    expect(result.steps.map(({ id, status }) => `${id} ${status}`)).toEqual([
      'check done',
      'validate done',
      'preheat skipped',
      'resize done',
      'wait done',
    ]);
    expect(await size()).toEqual({ min: 8, desired: 8 });
    expect(await readScale(services, world.clock)).toMatchObject({ heldFrom: { min: 4, desired: 4 }, healthy: 8 });

    // Once more, up and down: what it goes back to is still the usual size, so that capacity never ratchets up.
    expect((await scale(10)).outcome).toBe('done');
    expect(await readScale(services, world.clock)).toMatchObject({ heldFrom: { min: 4, desired: 4 } });
    expect((await scale(6)).outcome).toBe('done');
    expect(await size()).toEqual({ min: 6, desired: 6 });
    expect((await world.run(await planScaleCancel(services, world.clock))).outcome).toBe('done');
    expect(await size()).toEqual({ min: 4, desired: 4 });
    expect((await readScale(services, world.clock)).heldFrom).toBeNull();
  }, 60_000);

  it('returns by itself at its end time', async () => {
    expect((await scale(6, { until: in_(60) })).outcome).toBe('done');
    expect(await actions()).toEqual([{ name: 'golden-pipeline-scale-in', min: 4, desired: 4 }]);
    await world.until(size, ({ desired }) => desired === 4);
    expect(await size()).toEqual({ min: 4, desired: 4 });
    expect((await readScale(services, world.clock)).heldFrom).toBeNull();
  }, 60_000);

  it('leaves the scale-in to scaling policies, where there are some', async () => {
    await putPolicy(services.aws.autoScaling, group(), {
      name: 'cpu',
      alarms: [],
      settings: {
        PolicyName: 'cpu',
        PolicyType: 'TargetTrackingScaling',
        TargetTrackingConfiguration: {
          PredefinedMetricSpecification: { PredefinedMetricType: 'ASGAverageCPUUtilization' },
          TargetValue: 50,
        },
      },
    });
    expect((await scale(6)).outcome).toBe('done');
    expect((await world.run(await planScaleCancel(services, world.clock))).outcome).toBe('done');
    expect(await size()).toEqual({ min: 4, desired: 6 });
    await deletePolicy(services.aws.autoScaling, group(), 'cpu');
  }, 60_000);

  it.each(['check', 'validate', 'resize'])(
    'leaves everything as it was when it fails after %s',
    async (id) => {
      const before = { ...(await size()), instances: await world.instances(), actions: await actions() };
      expect(before).toEqual({ min: 4, desired: 4, instances: 4, actions: [] });
      const plan = await planScale(services, world.clock, { to: 7, until: in_(3600) });
      const result = await world.run(failingAfter(plan, id));
      expect(['failed', 'rolled-back']).toContain(result.outcome);
      expect(result.leftovers).toEqual([]);
      await world.until(world.instances, (n) => n === before.instances);
      expect({ ...(await size()), instances: await world.instances(), actions: await actions() }).toEqual(before);
      expect((await readScale(services, world.clock)).heldFrom).toBeNull();
    },
    60_000,
  );
});

describe('a scale-out with missing instances', () => {
  /** Two instances more have come when the zones run out of them. */
  const roomForTwo =
    ({ run }: Step<Services, ScaleState>): typeof run =>
    async (context) => {
      await setCapacity(services.aws.autoScaling, group(), { min: 4, desired: 6 });
      await world.until(world.instances, (n) => n >= 6);
      world.cloud.faults.add({ kind: 'insufficient-capacity' });
      await run(context);
    };

  it('keeps those that have started, and reports their number and how to continue', async () => {
    const { refresh } = services.fleet.release.timeouts;
    services.fleet.release.timeouts.refresh = 90;
    const plan = await planScale(services, world.clock, { to: 7 });
    const steps = plan.steps.map((step) => (step.id === 'resize' ? { ...step, run: roomForTwo(step) } : step));
    try {
      const result = await world.run({ ...plan, steps });
      expect(result.outcome).toBe('manual-intervention');
      expect(result.error).toMatchObject({
        code: 'scale.short',
        message: expect.stringContaining(`6 of 7 instances of ${group()} are healthy`),
        fix: expect.stringContaining('pipeline scale api --cancel'),
        details: expect.arrayContaining([expect.stringMatching(/launches have failed: .*capacity/)]),
      });
      expect(result.leftovers.join()).toContain('Resize the group');
      expect(await size()).toEqual({ min: 7, desired: 7 });
      expect(await readScale(services, world.clock)).toMatchObject({ healthy: 6, heldFrom: { min: 4, desired: 4 } });
    } finally {
      services.fleet.release.timeouts.refresh = refresh;
      world.cloud.faults.clear();
    }
    expect((await world.run(await planScaleCancel(services, world.clock))).outcome).toBe('done');
    expect(await size()).toEqual({ min: 4, desired: 4 });
  }, 60_000);
});

describe('an interruption while instances start', () => {
  it('keeps the new size, and prints the command that undoes it', async () => {
    const stop = new AbortController();
    const plan = await planScale(services, world.clock, { to: 6 });
    const steps = plan.steps.map((step) => ({
      ...step,
      run: async (context: Parameters<typeof step.run>[0]) => {
        if (step.id === 'wait') stop.abort();
        await step.run(context);
      },
    }));
    world.notes.length = 0;
    expect(await world.run({ ...plan, steps }, { signal: stop.signal })).toMatchObject({ outcome: 'interrupted' });
    expect(world.notes.join()).toContain(
      `${group()} keeps the size of 6; pipeline scale api --cancel returns it to its usual size`,
    );
    expect(await readScale(services, world.clock)).toMatchObject({ desired: 6, heldFrom: { min: 4, desired: 4 } });
  }, 60_000);
});

describe('an impossible size', () => {
  it.each([
    [{ to: 3 }, '3 instances are outside of 4 to 12'],
    [{ to: 13 }, '13 instances are outside of 4 to 12'],
    [{ to: 6, at: Date.parse('2020-01-01T00:00Z') }, '--at 2020-01-01T00:00:00.000Z is in the past'],
    [{ to: 6, until: Date.parse('2020-01-01T00:00Z') }, '--until 2020'],
    [{ to: 6, at: Date.parse('2099-01-02T00:00Z'), until: Date.parse('2099-01-01T00:00Z') }, 'is not after --at'],
  ])('is refused as a usage error, and nothing is changed: %j', async (request, message) => {
    const error: unknown = await planScale(services, world.clock, request).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ outcome: 'usage', message: expect.stringContaining(message) });
    expect(await size()).toEqual({ min: 4, desired: 4 });
  });

  it('is refused for the quota, with the vCPUs in use, unless the quota cannot be read', async () => {
    // t3.small has 2 vCPUs: 4 instances run, 4 more are wanted.
    quota = 15;
    const refused = await scale(8);
    expect(refused).toMatchObject({ outcome: 'usage', leftovers: [] });
    expect(refused.error).toMatchObject({
      code: 'scale.quota',
      message: '4 more t3.small need 8 vCPUs, 8 are in use, and the account may run 15 in all',
    });
    expect(await size()).toEqual({ min: 4, desired: 4 });
    quota = 16;
    expect((await scale(8)).outcome).toBe('done');
    quota = new Error('not allowed to ask');
    expect((await scale(9)).outcome).toBe('done');
  }, 30_000);

  it('is refused above the maximum of the group, whatever is configured', async () => {
    await setCapacity(services.aws.autoScaling, group(), { max: 6 });
    try {
      await expect(planScale(services, world.clock, { to: 7 })).rejects.toMatchObject({
        code: 'scale.above-max',
        outcome: 'usage',
        message: `7 instances are more than the maximum of ${group()}, which is 6`,
      });
    } finally {
      await setCapacity(services.aws.autoScaling, group(), { max: 12 });
    }
  });

  it('is refused above the targets of a target group', async () => {
    const { capacity } = services.fleet;
    const { max } = capacity;
    capacity.max = 2000;
    await setCapacity(services.aws.autoScaling, group(), { max: 2000 });
    try {
      expect((await scale(1001)).error).toMatchObject({
        code: 'scale.targets',
        message: '1001 instances are more than the 1000 targets of a target group',
      });
      expect(await size()).toEqual({ min: 4, desired: 4 });
    } finally {
      capacity.max = max;
      await setCapacity(services.aws.autoScaling, group(), { max });
    }
  }, 30_000);

  it('is refused during a refresh', async () => {
    const { autoScaling } = services.aws;
    await autoScaling.send(
      new StartInstanceRefreshCommand({ AutoScalingGroupName: group(), Preferences: { InstanceWarmup: 600 } }),
    );
    try {
      expect((await scale(6)).error).toMatchObject({
        code: 'scale.refresh-active',
        message: expect.stringContaining(`an instance refresh of ${group()} is `),
      });
      expect(await size()).toEqual({ min: 4, desired: 4 });
    } finally {
      await cancelRefresh(autoScaling, group());
      await world.until(
        () => readRefresh(autoScaling, group()),
        (refresh) => !isActive(refresh),
      );
    }
  }, 60_000);

  it('is refused while the group would not carry it out', async () => {
    await suspendProcesses(services.aws.autoScaling, group(), ['Launch', 'ScheduledActions']);
    try {
      const result = await scale(6, { until: in_(3600) });
      expect(result).toMatchObject({ outcome: 'usage', error: { code: 'scale.suspended' } });
    } finally {
      await resumeProcesses(services.aws.autoScaling, group(), ['Launch', 'ScheduledActions']);
    }
  }, 30_000);
});
