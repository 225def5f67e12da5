import { appendFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runCommand } from '../../src/cli/run-command.ts';
import { releaseOperation } from '../../src/release/operation.ts';
import { planRelease } from '../../src/release/plan.ts';
import { die } from '../support/dying.ts';
import { Simulated } from '../support/simulated.ts';
import { fakeContext } from './support/fake-context.ts';

let world: Simulated;

beforeAll(async () => {
  world = await Simulated.create();
  expect((await world.run(await planRelease(world.services, world.clock, {}))).outcome).toBe('done');
  world.fleet.release.hooks = [{ at: 'on-failure', run: { command: ['echo', 'reverted'], timeoutSeconds: 30 } }];
}, 60_000);
afterAll(() => world?.close());

it('a release runs the hooks of a crashed one before it plans its own work, and not after it', async () => {
  const { services, clock } = world;
  await die(world, await planRelease(services, clock, {}), { at: 'bake', how: 'finished' });
  // The same command would go on with it.
  await appendFile(path.join(world.project.dir, 'pipelines/api.ts'), '// later\n');
  await world.project.commit('Another commit');
  const context = fakeContext(['release', 'api'], { clock });
  const reverted = () => context.stderr.text.split('reverted\n').length - 1;
  let before = 0;
  const code = await runCommand(
    context,
    {},
    {
      ...{ operation: releaseOperation, services, question: () => 'release' },
      plan() {
        before = reverted();
        return planRelease(services, clock, {});
      },
    },
  );
  expect(code).toBe(0);
  expect(before).toBeGreaterThan(0);
  expect(reverted()).toBe(before);
}, 60_000);
