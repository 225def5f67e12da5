import { afterAll, beforeAll, expect, it } from 'vitest';
import { release } from '../../src/cli/commands/release.ts';
import type { Services } from '../../src/fleet/services.ts';
import { planRelease } from '../../src/release/plan.ts';
import { planRollback } from '../../src/rollback/plan.ts';
import { planScale } from '../../src/scale/plan.ts';
import { readStatus } from '../../src/status/read.ts';
import { fakeContext } from '../cli/support/fake-context.ts';
import { die } from '../support/dying.ts';
import { Simulated } from '../support/simulated.ts';

let world: Simulated;

beforeAll(async () => {
  world = await Simulated.create();
  for (const _ of [1, 2]) {
    const done = await world.run(await planRelease(world.services, world.clock, {}));
    expect(done.error).toBeUndefined();
  }
  const { ansible } = world.fleet;
  ansible.variables = { ...ansible.variables, stripe_key: undefined };
}, 60_000);
afterAll(() => world?.close());

const refused = {
  code: 'config.unset-variable',
  outcome: 'usage',
  message: 'api in local has ansible.variables without a value: stripe_key',
  fix: expect.stringContaining('pipelines/api.ts'),
};

it.each([{}, { dryRun: true }])('a release refuses a variable without a value, with %j', async (options) => {
  const context = fakeContext(['release', 'api'], { clock: world.clock });
  const runs = await world.services.ledger.runs('api', 9);
  await expect(release(context, world.services, options, {})).rejects.toMatchObject(refused);
  expect(await world.services.ledger.runs('api', 9)).toEqual(runs);
  expect(context.stdout.text).toBe('');
});

it('a variable without a value does not stop a rollback, scaling or the status', async () => {
  await expect(planRollback(world.services, world.clock, { force: false })).resolves.toMatchObject({
    initial: { version: 'v1' },
  });
  const services: Services = Object.assign(world.services, { vcpuQuota: async () => 1000 });
  await expect(planScale(services, world.clock, { to: 7 })).resolves.toBeDefined();
  await expect(readStatus(world.services)).resolves.toMatchObject({ version: 'v2' });
});

it('a release that is refused for a variable does not undo a crashed release', async () => {
  const { ansible } = world.fleet;
  const variables = { ...ansible.variables };
  ansible.variables = { ...variables, stripe_key: '' };
  const { id } = await die(
    world,
    await planRelease(world.services, world.clock, {}),
    { at: 'enter-standby', how: 'made' },
    'pipeline release api',
  );
  ansible.variables = variables;
  const context = fakeContext(['release', 'api'], { clock: world.clock });
  await expect(release(context, world.services, {}, {})).rejects.toMatchObject(refused);
  expect((await world.services.ledger.run(id))?.outcome).toBeUndefined();
}, 60_000);
