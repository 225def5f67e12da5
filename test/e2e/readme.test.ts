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

describe('the day in the README', () => {
  it('shows what happens', async () => {
    const commands = await transcriptOf('README.md', 'A day with it');
    expect(commands.length).toBeGreaterThan(10);
    for (const command of commands) await expectShown(world, programs, command);
  });
});
