import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { setCapacity } from '../../src/aws/groups.ts';
import { deleteScheduledActions, putScheduledActions } from '../../src/aws/scaling-settings.ts';
import { runAll } from '../../src/doctor/finding.ts';
import { scaleChecks } from '../../src/doctor/scale.ts';
import type { DoctorServices } from '../../src/doctor/services.ts';
import { planScale } from '../../src/scale/plan.ts';
import { type ScalingFleet, scalingFleet } from '../support/scaling-fleet.ts';
import { expectRunnable } from './support/printed-fixes.ts';

let world: ScalingFleet;
let services: DoctorServices;

beforeAll(async () => {
  world = await scalingFleet();
  services = world.services;
}, 60_000);
afterAll(() => world.close());
afterEach(() => world.usual(), 60_000);

const hour = 3_600_000;
const group = () => services.fleet.names.group;
const in_ = (ms: number) => world.clock.now() + ms;
const inspect = async () => {
  const found = await runAll(scaleChecks(services, world.clock));
  await expectRunnable(found);
  return found;
};
const scale = async (to: number, times: { at?: number; until?: number } = {}) =>
  expect((await world.run(await planScale(services, world.clock, { to, ...times }))).outcome).toBe('done');

it('doctor reports the usual size', async () => {
  expect(await inspect()).toEqual([{ id: 'fleet.size', severity: 'ok', message: `${group()} has its usual size` }]);
});

it('doctor recognizes a fleet held for an event, also after others changed its minimum, and when its end is scheduled', async () => {
  await scale(6);
  await setCapacity(services.aws.autoScaling, group(), { min: 0 });
  expect(await inspect()).toMatchObject([
    {
      id: 'fleet.held',
      severity: 'warning',
      message: `${group()} is held at 6 instances; its usual size is 4`,
      fix: 'after the event: pipeline scale api --cancel',
    },
  ]);
  await scale(6, { until: in_(hour) });
  expect(await inspect()).toMatchObject([{ id: 'fleet.held', severity: 'ok' }]);
}, 60_000);

it.each([
  [0, 'a policy may take away instances'],
  [5, 'nothing here says why'],
])('doctor finds a minimum of %i that differs from the configured one', async (min, why) => {
  await setCapacity(services.aws.autoScaling, group(), { min, desired: 5 });
  expect(await inspect()).toMatchObject([
    {
      id: 'fleet.min',
      severity: 'warning',
      message: expect.stringContaining(why),
      fix: `pipeline local aws autoscaling update-auto-scaling-group --auto-scaling-group-name ${group()} --min-size 4`,
    },
  ]);
  // Where the team has a schedule of its own, that is what decides.
  const nightly = { name: 'nightly', recurrence: '0 3 * * *', min: 5 };
  await putScheduledActions(services.aws.autoScaling, group(), [nightly], world.clock.now());
  expect(await inspect()).toMatchObject([{ id: 'fleet.size' }]);
  await deleteScheduledActions(services.aws.autoScaling, group(), ['nightly']);
});

it('doctor finds an event whose end no longer fits the fleet', async () => {
  await scale(9, { at: in_(2 * hour), until: in_(4 * hour) });
  expect(await inspect()).toMatchObject([{ id: 'fleet.size' }]);
  await setCapacity(services.aws.autoScaling, group(), { min: 4, desired: 6 });
  expect(await inspect()).toMatchObject([
    {
      id: 'fleet.schedule',
      severity: 'warning',
      message: expect.stringContaining(
        `${group()} then goes to 4 instances (minimum 4), and has 6 (minimum 4) without the event`,
      ),
      fix: expect.stringMatching(
        /^cancel it: pipeline scale api --cancel, then schedule it again: pipeline scale api 9 --at \S+Z --until \S+Z$/,
      ),
    },
  ]);
}, 60_000);
