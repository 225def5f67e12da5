import { PutScheduledUpdateGroupActionCommand } from '@aws-sdk/client-auto-scaling';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readGroup, setCapacity } from '../../src/aws/groups.ts';
import { deleteScheduledActions, readScheduledActions } from '../../src/aws/scaling-settings.ts';
import type { Services } from '../../src/fleet/services.ts';
import { planScale, planScaleCancel } from '../../src/scale/plan.ts';
import { readScale } from '../../src/scale/read-status.ts';
import { type ScalingFleet, scalingFleet } from '../support/scaling-fleet.ts';
import { failingAfter } from '../support/simulated.ts';

let world: ScalingFleet;
let services: Services;

beforeAll(async () => {
  world = await scalingFleet();
  services = world.services;
}, 60_000);
afterAll(() => world.close());

afterEach(async () => {
  await cancel();
  await deleteScheduledActions(services.aws.autoScaling, group(), ['nightly', 'morning']);
  await world.usual();
}, 60_000);

const hour = 3_600_000;
const group = () => services.fleet.names.group;
const in_ = (ms: number) => Math.ceil((world.clock.now() + ms) / 1000) * 1000;
const plan = (to: number, times: { at?: number; until?: number } = {}) =>
  planScale(services, world.clock, { to, ...times });
const scale = async (...request: Parameters<typeof plan>) => world.run(await plan(...request));
const cancel = async () => world.run(await planScaleCancel(services, world.clock));
const refusal = (...request: Parameters<typeof plan>) =>
  plan(...request).then(
    () => undefined,
    (reason: unknown) => reason,
  );
const size = async () => {
  const { min, desired } = await readGroup(services.aws.autoScaling, group());
  return { min, desired };
};
const actions = async () =>
  (await readScheduledActions(services.aws.autoScaling, group()))
    .map(({ name, start = '', min, desired }) => ({ name, start: Date.parse(start), min, desired }))
    .sort((a, b) => a.start - b.start);
const nightly = (at: number, sizes: { MinSize?: number; DesiredCapacity?: number }) => {
  const date = new Date(at);
  return services.aws.autoScaling.send(
    new PutScheduledUpdateGroupActionCommand({
      AutoScalingGroupName: group(),
      ScheduledActionName: 'nightly',
      Recurrence: `${date.getUTCMinutes()} ${date.getUTCHours()} * * *`,
      ...sizes,
    }),
  );
};

describe('a scheduled event', () => {
  it('is started and ended by Auto Scaling, and can be canceled before and while it is active', async () => {
    const at = in_(120_000);
    const end = in_(400_000);
    const planned = await plan(7, { at, until: end });
    expect(planned.described.check?.join()).toContain('expected time from');
    expect((await world.run(planned)).error).toBeUndefined();
    expect(await actions()).toEqual([
      {
        name: expect.stringMatching(/^golden-pipeline-scale-out-\d{4}-\d\d-\d\dT[\d.]+Z$/),
        start: at,
        min: 7,
        desired: 7,
      },
      {
        name: expect.stringMatching(/^golden-pipeline-scale-in-\d{4}-\d\d-\d\dT[\d.]+Z$/),
        start: end,
        min: 4,
        desired: 4,
      },
    ]);
    expect((await readScale(services, world.clock)).heldFrom).toBeNull();
    await world.until(size, ({ desired }) => desired === 7);
    expect(await size()).toEqual({ min: 7, desired: 7 });
    expect((await readScale(services, world.clock)).heldFrom).toEqual({ min: 4, desired: 4 });
    expect((await planScaleCancel(services, world.clock)).described.cancel).toContain(
      `${group()} goes back from 7 instances to 4 instances (minimum 4)`,
    );
    expect((await cancel()).outcome).toBe('done');
    expect(await size()).toEqual({ min: 4, desired: 4 });
    expect(await actions()).toEqual([]);
  }, 60_000);

  it('is removed from the schedule when the run fails afterwards', async () => {
    const planned = await plan(7, { at: in_(hour) });
    expect((await world.run(failingAfter(planned, 'schedule'))).outcome).toBe('rolled-back');
    expect(await actions()).toEqual([]);
    expect((await readScale(services, world.clock)).heldFrom).toBeNull();
  }, 30_000);

  it('is not scheduled halfway when its time comes during the validation of the image', async () => {
    const planned = await plan(7, { at: in_(30_000), until: in_(hour) });
    await world.clock.sleep((planned.initial.scale.at ?? 0) - world.clock.now() + 1000);
    const result = await world.run(planned);
    expect(result.error).toMatchObject({ code: 'scale.late' });
    expect(await actions()).toEqual([]);
    expect(await size()).toEqual({ min: 4, desired: 4 });
  }, 30_000);
});

describe('several events', () => {
  it('are accepted when they do not overlap: this evening, and the sale on the next day', async () => {
    const evening = { at: in_(2 * hour), until: in_(4 * hour) };
    const sale = { at: in_(20 * hour), until: in_(26 * hour) };
    expect((await scale(6, sale)).outcome).toBe('done');
    expect((await scale(8, evening)).outcome).toBe('done');
    expect((await actions()).map(({ start, desired }) => [start, desired])).toEqual([
      [evening.at, 8],
      [evening.until, 4],
      [sale.at, 6],
      [sale.until, 4],
    ]);
    expect(await refusal(9, { at: in_(21 * hour), until: in_(30 * hour) })).toMatchObject({
      code: 'scale.scheduled',
      outcome: 'usage',
      message: expect.stringContaining(`6 instances from ${new Date(sale.at).toISOString()}`),
    });
    // Both are told before they are dropped.
    expect(
      (await planScaleCancel(services, world.clock)).described.cancel?.filter((l) => /^dropped/.test(l)),
    ).toHaveLength(2);
  }, 60_000);

  it('refuse a new size that the end of a later event would overwrite', async () => {
    const at = in_(2 * hour);
    expect((await scale(7, { at, until: in_(4 * hour) })).outcome).toBe('done');
    expect(await refusal(8)).toMatchObject({
      code: 'scale.scheduled',
      outcome: 'usage',
      fix: expect.stringMatching(/--until <a time before .*>, or drop it: pipeline scale api --cancel/),
    });
    expect((await scale(8, { until: in_(hour) })).outcome).toBe('done');
    expect(await size()).toEqual({ min: 8, desired: 8 });
  }, 60_000);

  it('let the active event grow, keeping its end or moving it on request', async () => {
    const end = in_(hour);
    expect((await scale(6, { until: end })).outcome).toBe('done');
    const planned = await plan(8);
    expect(planned.described.resize?.join()).toContain(
      `back to 4 instances (minimum 4) at ${new Date(end).toISOString()}, as is scheduled already`,
    );
    expect((await world.run(planned)).outcome).toBe('done');
    expect(await actions()).toEqual([{ name: 'golden-pipeline-scale-in', start: end, min: 4, desired: 4 }]);

    const failed = await world.run(failingAfter(await plan(8, { until: in_(3 * hour) }), 'resize'));
    expect(failed).toMatchObject({ outcome: 'rolled-back', leftovers: [] });
    expect((await actions()).map(({ start }) => start)).toEqual([end]);

    const later = in_(2 * hour);
    expect((await scale(8, { until: later })).outcome).toBe('done');
    expect(await actions()).toEqual([{ name: 'golden-pipeline-scale-in', start: later, min: 4, desired: 4 }]);
    expect(await readScale(services, world.clock)).toMatchObject({ heldFrom: { min: 4, desired: 4 } });
  }, 60_000);
});

describe('scheduled actions of others', () => {
  it('during the event are an error that names them, their time and the fix', async () => {
    const night = in_(3 * hour) - (in_(3 * hour) % 60_000);
    await nightly(night, { MinSize: 3, DesiredCapacity: 3 });
    const error = await refusal(9, { at: in_(2 * hour), until: in_(5 * hour) });
    expect(error).toMatchObject({
      code: 'scale.foreign-schedule',
      outcome: 'usage',
      message: expect.stringContaining(`nightly at ${new Date(night).toISOString()}`),
      fix: expect.stringContaining('--scheduled-action-name nightly'),
    });
    expect((error as Error).message).toContain('min 3, desired 3');
    // Without an end every night is inside.
    expect(await refusal(9, { at: in_(4 * hour) })).toMatchObject({ code: 'scale.foreign-schedule' });
    expect((await actions()).map(({ name }) => name)).toEqual(['nightly']);

    // Now, somebody is there: it is told, and done.
    const planned = await plan(6);
    expect(planned.described.check?.join()).toContain('will take instances away again: nightly at');
    world.notes.length = 0;
    expect((await world.run(planned)).outcome).toBe('done');
    expect(world.notes.join()).toContain('nightly at');
  }, 60_000);

  it('are also found when they are created just before the lock was taken', async () => {
    const planned = await plan(7, { at: in_(2 * hour), until: in_(26 * hour) });
    await nightly(in_(3 * hour), { MinSize: 3 });
    const result = await world.run(planned);
    expect(result).toMatchObject({ outcome: 'usage', error: { code: 'scale.foreign-schedule' }, leftovers: [] });
    expect((await actions()).map(({ name }) => name)).toEqual(['nightly']);
  }, 30_000);

  it('before the event determine the size that it returns to', async () => {
    await nightly(in_(2 * hour), { MinSize: 5, DesiredCapacity: 6 });
    expect((await scale(9, { at: in_(4 * hour), until: in_(8 * hour) })).outcome).toBe('done');
    expect((await actions()).at(-1)).toMatchObject({ min: 5, desired: 6 });
  }, 30_000);
});

describe('the usual size, when others have changed the fleet', () => {
  it('is still the size that the fleet returns to', async () => {
    expect((await scale(8)).outcome).toBe('done');
    // A deployment of the infrastructure, say.
    await setCapacity(services.aws.autoScaling, group(), { min: 0 });
    expect((await readScale(services, world.clock)).heldFrom).toEqual({ min: 4, desired: 4 });
    expect((await cancel()).outcome).toBe('done');
    expect(await size()).toEqual({ min: 4, desired: 4 });
  }, 60_000);

  it('is never below the configured minimum', async () => {
    await setCapacity(services.aws.autoScaling, group(), { min: 0 });
    expect((await scale(6)).outcome).toBe('done');
    expect((await cancel()).outcome).toBe('done');
    expect(await size()).toEqual({ min: 4, desired: 4 });
  }, 60_000);
});
