import { afterAll, beforeAll, expect, it } from 'vitest';
import { readGroupTag, readGroupTags, setGroupTag } from '../../src/aws/group-tags.ts';
import { readGroup } from '../../src/aws/groups.ts';
import { tagKeys } from '../../src/aws/tags.ts';
import { type PriorState, priorKeys, readPrior } from '../../src/fleet/prior-state.ts';
import type { Services } from '../../src/fleet/services.ts';
import { createLedger } from '../../src/ledger/ledger.ts';
import { planRelease } from '../../src/release/plan.ts';
import { planRollback } from '../../src/rollback/plan.ts';
import { planScale } from '../../src/scale/plan.ts';
import { die } from '../support/dying.ts';
import { createMemoryStore } from '../support/memory-store.ts';
import { failingAfter, Simulated } from '../support/simulated.ts';

let world: Simulated;
beforeAll(async () => {
  world = await Simulated.create();
  for (let n = 0; n < 2; n++) expect((await release()).error).toBeUndefined();
}, 60_000);
afterAll(() => world?.close());

const release = async () => world.run(await planRelease(world.services, world.clock, {}));
const tag = () => readGroupTag(world.aws.autoScaling, world.fleet.names.group, tagKeys.run);
const tags = async () => {
  const { group } = world.fleet.names;
  return (await readGroupTags(world.aws.autoScaling, [group], priorKeys))[group] ?? {};
};
const prior = async () => readPrior(world.fleet.names.group, await tags());
const setTag = (run?: string) => setGroupTag(world.aws.autoScaling, world.fleet.names.group, tagKeys.run, run);
const stranger = '20300101T000000-ab12';

it('an active release records its run on the group, and removes the tag at its end', async () => {
  const plan = await planRelease(world.services, world.clock, {});
  const seen: (string | undefined)[] = [];
  const { min, max, desired } = await readGroup(world.aws.autoScaling, world.fleet.names.group);
  const before: unknown[] = [];
  const steps = plan.steps.map((step) => ({
    ...step,
    run: async (context: Parameters<typeof step.run>[0]) => {
      // The instance that is baked is out of service by then, and AZRebalance is suspended.
      if (step.id === 'bake') before.push(await prior());
      if (step.id === 'roll') seen.push(context.run.id, await tag());
      await step.run(context);
    },
  }));
  expect((await world.run({ ...plan, steps })).error).toBeUndefined();
  expect(seen).toEqual([expect.any(String), seen[0]]);
  const size = { min, max, desired };
  expect(before).toEqual([
    { run: String(seen[0]), operation: 'release', size, suspended: [], standby: [], weight: 100 } satisfies PriorState,
  ]);
  expect(await tags()).toEqual({});
});

it('a release that is undone removes its run from the group, and keeps that of another run', async () => {
  expect((await world.run(failingAfter(await planRelease(world.services, world.clock, {}), 'bake'))).outcome).toBe(
    'rolled-back',
  );
  expect(await tag()).toBeUndefined();
  const plan = await planRelease(world.services, world.clock, {});
  const steps = plan.steps.map((step) => ({
    ...step,
    run: async (context: Parameters<typeof step.run>[0]) => {
      if (step.id === 'bake') await setTag(stranger);
      await step.run(context);
    },
  }));
  expect((await world.run(failingAfter({ ...plan, steps }, 'bake'))).outcome).toBe('rolled-back');
  expect(await tag()).toBe(stranger);
  await setTag();
});

it('a release and a scale are refused while a run of another ledger is active, and a rollback reports it and continues', async () => {
  await setTag(stranger);
  const before = await world.services.ledger.releases('api');
  expect(await release()).toMatchObject({
    outcome: 'failed',
    leftovers: [],
    error: { code: 'fleet.claimed', fix: expect.stringContaining('pipeline repair api') },
  });
  expect(await world.services.ledger.releases('api')).toEqual(before);
  const scale = await planScale(world.services as Services, world.clock, { to: 5 });
  expect(await world.run(scale)).toMatchObject({ outcome: 'failed', error: { code: 'fleet.claimed' } });
  const back = await world.run(await planRollback(world.services, world.clock, { force: false }));
  expect(back).toMatchObject({ outcome: 'done' });
  expect(world.notes.join('\n')).toContain(`run ${stranger}, which this ledger does not know, may be active`);
  expect(await tag()).toBe(stranger);
  await setTag();
});

it('the tag of a run that is in the ledger, and whose lock is free, is replaced', async () => {
  const crashed = await die(world, await planRelease(world.services, world.clock, {}), {
    at: 'reserve-version',
    how: 'made',
  });
  expect(await tag()).toBe(crashed.id);
  const identity = { owner: 'ben', host: 'elsewhere' };
  const ledger = createLedger(createMemoryStore(), { environment: 'local', clock: world.clock, identity });
  for (const record of await world.services.ledger.releases('api')) await ledger.addRelease(record);
  const other: Services = { ...world.services, ledger };
  const plan = await planRelease(other, world.clock, {});
  const own = world.services.ledger;
  world.services.ledger = ledger;
  expect(await world.run(plan)).toMatchObject({ outcome: 'failed', error: { code: 'fleet.claimed' } });
  world.services.ledger = own;
  expect((await release()).error).toBeUndefined();
  expect(await tag()).toBeUndefined();
});
