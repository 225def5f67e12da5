import { chmod, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import type { LocalHook } from '../../../src/config/schema/hooks.ts';
import { planRelease } from '../../../src/release/plan.ts';
import { die } from '../../support/dying.ts';
import { Simulated } from '../../support/simulated.ts';
import { runnerOfTest } from './runner-context.ts';

const tell: LocalHook = { command: ['./tell'], timeoutSeconds: 30 };
const script =
  '#!/bin/sh\necho "$PIPELINE_HOOK $PIPELINE_OPERATION $PIPELINE_VERSION from $PIPELINE_PREVIOUS" >>told\n';

/** A fleet with two releases for the tests of a file, whose hooks at the end of runs write down that they ran. */
export function fleetWithHooks() {
  let world: Simulated;
  const file = (name: string) => path.join(world.fleet.projectDir, name);
  beforeAll(async () => {
    world = await Simulated.create();
    await writeFile(file('tell'), script);
    await chmod(file('tell'), 0o755);
    await writeFile(file('.git/info/exclude'), 'tell\ntold\n');
    for (const _ of [1, 2]) {
      expect((await world.run(await planRelease(world.services, world.clock, {}))).outcome).toBe('done');
    }
  }, 60_000);
  afterAll(() => world?.close());
  beforeEach(async () => {
    await writeFile(file('told'), '');
    world.fleet.release.hooks = [
      { at: 'on-failure', run: tell },
      { at: 'on-rollback', run: tell },
    ];
  });
  const planned = () => planRelease(world.services, world.clock, {});
  return {
    tell,
    file,
    planned,
    /** Lines of the hooks that ran in this test. */
    told: async () => (await readFile(file('told'), 'utf8')).split('\n').filter(Boolean),
    crashed: async (at = 'bake') => die(world, await planned(), { at, how: 'finished' }),
    runner: () => runnerOfTest(world.clock, 'pipeline abort api'),
    get world() {
      return world;
    },
  };
}
