import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectShown, programsOf, transcriptOf } from './support/transcript.ts';
import { World } from './support/world.ts';

let world: World;
let programs: string;
beforeAll(async () => {
  world = await World.create();
  programs = await programsOf(world);
});
afterAll(() => world?.close());

// One fleet goes through these pages, each of which begins where the one before it has ended; the first one with an empty machine.
describe('the transcript of a guide', () => {
  it.each(['release', 'rollback', 'images', 'scale', 'doctor'])('docs/%s.md shows what happens', async (page) => {
    const commands = await transcriptOf(`docs/${page}.md`);
    expect(commands.length).toBeGreaterThan(0);
    for (const command of commands) await expectShown(world, programs, command);
  });
});
