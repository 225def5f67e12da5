import { afterAll, beforeAll, expect, it } from 'vitest';
import { release } from '../../src/cli/commands/release.ts';
import { planRelease } from '../../src/release/plan.ts';
import { readStatus } from '../../src/status/read.ts';
import { type Death, die } from '../support/dying.ts';
import { Simulated } from '../support/simulated.ts';
import { watchWeights } from '../support/weights.ts';
import { fakeContext } from './support/fake-context.ts';

let world: Simulated;
let violations: string[];

beforeAll(async () => {
  world = await Simulated.create([
    ['verifySeconds: 5,', "strategy: 'blue-green', stepSeconds: 1, rollbackWindow: 400, verifySeconds: 2,"],
  ]);
  for (const _ of [1, 2])
    expect((await world.run(await planRelease(world.services, world.clock, {}))).error).toBeUndefined();
  violations = watchWeights(world);
}, 60_000);
afterAll(() => world?.close());

it.each<Death>([
  { at: 'set-template', how: 'made' },
  { at: 'set-weights', how: 'made' },
  { at: 'set-default-version', how: 'made' },
])(
  'a blue/green release undoes what a crashed one has left of the traffic, and then runs: $how $at',
  async (death) => {
    const { services, clock } = world;
    await die(world, await planRelease(services, clock, {}), death, 'pipeline release api');
    const context = fakeContext(['release', 'api'], { clock });
    expect(await release(context, services, {}, {}), context.stderr.text).toBe(0);
    expect(context.stderr.text).toContain('has died; what it changed is being put back');
    const { version, traffic, groups, healthy } = await readStatus(services);
    expect(traffic).toEqual([{ version, share: 1 }]);
    expect(groups.map(({ share, desired }) => ({ share, desired }))).toEqual([
      { share: 1, desired: 4 },
      { share: 0, desired: 4 },
    ]);
    expect(healthy).toBe(4);
    expect((await services.ledger.runs('api', 1))[0]).toMatchObject({ outcome: 'done', version });
    expect(violations).toEqual([]);
  },
  120_000,
);
