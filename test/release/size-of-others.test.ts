import { PipelineError } from '@golden-pipeline/shared/errors';
import { afterEach, expect, it } from 'vitest';
import { readGroup, setCapacity } from '../../src/aws/groups.ts';
import type { Plan } from '../../src/engine/step.ts';
import type { Services } from '../../src/fleet/services.ts';
import { planRelease } from '../../src/release/plan.ts';
import type { ReleaseState } from '../../src/release/state.ts';
import { Simulated } from '../support/simulated.ts';

let world: Simulated;
afterEach(() => world?.close());

type Capacity = Parameters<typeof setCapacity>[2];

const size = async (group: string) => {
  const { min, max, desired } = await readGroup(world.aws.autoScaling, group);
  return { min, max, desired };
};

/** The plan, with something that happens once a step has ended. */
function after(plan: Plan<Services, ReleaseState>, id: string, then: () => Promise<unknown>): typeof plan {
  const steps = plan.steps.map((step) => ({
    ...step,
    run: async (context: Parameters<typeof step.run>[0]) => {
      await step.run(context);
      if (step.id === id) await then();
    },
  }));
  return { ...plan, steps };
}

it.each<[string, Capacity, { min: number; desired: number }]>([
  ['the size', { desired: 6 }, { min: 0, desired: 6 }],
  ['the minimum', { min: 2 }, { min: 2, desired: 2 }],
  ['nothing', {}, { min: 0, desired: 0 }],
])('the undo of a first release keeps what somebody else has set meanwhile: %s', async (_, set, leftovers) => {
  world = await Simulated.create();
  const { group } = world.fleet.names;
  const plan = after(await planRelease(world.services, world.clock, {}), 'roll', async () => {
    await setCapacity(world.aws.autoScaling, group, set);
    throw new PipelineError('test.broken', 'broken on purpose');
  });
  expect(await world.run(plan)).toMatchObject({ outcome: 'rolled-back', leftovers: [] });
  expect(await size(group)).toEqual({ ...leftovers, max: 12 });
});

it.each<[string, Capacity, number]>([
  ['one that somebody else has set while the run held it', { min: 3 }, 3],
  ['the one from before', {}, 2],
])('a blue/green release gives the new group the minimum of the fleet: %s', async (_, set, min) => {
  world = await Simulated.create([['verifySeconds: 5,', "strategy: 'blue-green', stepSeconds: 1, verifySeconds: 2,"]]);
  const { services, clock, aws, fleet } = world;
  expect((await world.run(await planRelease(services, clock, {}))).outcome).toBe('done');
  await setCapacity(aws.autoScaling, fleet.names.group, { min: 2 });
  const plan = after(await planRelease(services, clock, {}), 'shift-traffic', () =>
    setCapacity(aws.autoScaling, fleet.names.group, set),
  );
  const result = await world.run(plan);
  expect(result.outcome).toBe('done');
  expect(result.state.group).not.toBe(fleet.names.group);
  expect(await size(result.state.group)).toEqual({ min, max: 12, desired: 4 });
});
