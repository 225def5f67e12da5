import { afterAll, beforeAll, expect, it } from 'vitest';
import { readGroup, suspendProcesses } from '../../src/aws/groups.ts';
import { planRelease } from '../../src/release/plan.ts';
import { planRollback } from '../../src/rollback/plan.ts';
import { Simulated } from '../support/simulated.ts';

let world: Simulated;

beforeAll(async () => {
  world = await Simulated.create();
  for (const _ of ['v1', 'v2']) {
    expect((await world.run(await planRelease(world.services, world.clock, {}))).error).toBeUndefined();
  }
}, 60_000);
afterAll(() => world?.close());

it('a rolling rollback resumes the registration of new instances, so that they get the traffic', async () => {
  const { aws, fleet } = world.services;
  await suspendProcesses(aws.autoScaling, fleet.names.group, ['AddToLoadBalancer', 'AlarmNotification']);
  const plan = await planRollback(world.services, world.clock, { version: 'v1', method: 'rolling', force: false });
  const result = await world.run(plan);
  expect(result).toMatchObject({ outcome: 'done' });
  expect(world.notes).toContainEqual(expect.stringContaining('AddToLoadBalancer of api-local was suspended'));
  expect((await readGroup(aws.autoScaling, fleet.names.group)).suspended).toEqual(['AlarmNotification']);
  expect(await world.serving()).toEqual(Array(4).fill('v1 InService healthy'));
}, 60_000);
