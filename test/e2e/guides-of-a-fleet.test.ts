import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { goldenWorld } from './support/golden.ts';
import { expectShown, programsOf, transcriptOf } from './support/transcript.ts';
import type { World } from './support/world.ts';

let world: World;
let programs: string;
beforeAll(async () => {
  world = await goldenWorld();
  programs = await programsOf(world);
});
afterAll(() => world?.close());

// One fleet goes through these pages, each of which begins where the one before it has ended; the first one with a fleet that serves.
describe('the transcript of a guide to a fleet', () => {
  it.each(['tasks', 'automatic-rollback', 'local-cloud', 'blue-green', 'init'])(
    'docs/%s.md shows what happens',
    async (page) => {
      const commands = await transcriptOf(`docs/${page}.md`);
      expect(commands.length).toBeGreaterThan(0);
      for (const command of commands) await expectShown(world, programs, command);
    },
  );
});
