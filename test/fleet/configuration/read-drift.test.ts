import { afterAll, beforeAll, expect, it } from 'vitest';
import { readGroup } from '../../../src/aws/groups.ts';
import { configurationChecks } from '../../../src/doctor/configuration.ts';
import { scaleChecks } from '../../../src/doctor/scale.ts';
import type { DoctorServices } from '../../../src/doctor/services.ts';
import { readDrift } from '../../../src/fleet/configuration/read-drift.ts';
import { planRelease } from '../../../src/release/plan.ts';
import { die } from '../../support/dying.ts';
import { Simulated } from '../../support/simulated.ts';

let world: Simulated;
beforeAll(async () => {
  world = await Simulated.create();
  expect((await world.run(await planRelease(world.services, world.clock, {}))).error).toBeUndefined();
}, 60_000);
afterAll(() => world?.close());

const sizes = async () =>
  (await readDrift(world.services, world.clock))?.map(({ message }) => message).filter((one) => /capacity/.test(one));
const doctorSizes = async () => {
  const checks = configurationChecks(world.services as unknown as DoctorServices, world.clock);
  const found = await Promise.all(checks.map((one) => one.run()));
  return found.flat().filter(({ message }) => /capacity/.test(message));
};

it('a size set by a crashed run is not a difference to the file: the undo of the run restores it', async () => {
  expect(await sizes()).toEqual([]);
  const { autoScaling } = world.aws;
  const group = world.fleet.names.group;
  const plan = await planRelease(world.services, world.clock, {});
  await die(world, plan, { at: 'create-image', how: 'intended' });
  const { min } = await readGroup(autoScaling, group);
  expect(min).toBeLessThan(world.fleet.capacity.min);
  expect(await sizes()).toEqual([]);
  expect(await doctorSizes()).toEqual([]);
  const [look] = scaleChecks(world.services as unknown as DoctorServices, world.clock);
  expect(await look?.run()).toMatchObject([{ id: 'fleet.min', fix: 'pipeline abort api' }]);
});
