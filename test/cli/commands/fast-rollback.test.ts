import { afterAll, beforeAll, expect, it } from 'vitest';
import { rollBackFleet } from '../../../src/cli/commands/fast-rollback.ts';
import { exitCodes } from '../../../src/cli/exit-codes.ts';
import { planRelease } from '../../../src/release/plan.ts';
import { die } from '../../support/dying.ts';
import { Simulated } from '../../support/simulated.ts';
import { fakeContext } from '../support/fake-context.ts';

let world: Simulated;

beforeAll(async () => {
  world = await Simulated.create();
  for (const _ of [1, 2]) {
    expect((await world.run(await planRelease(world.services, world.clock, {}))).outcome).toBe('done');
  }
  world.fleet.release.hooks = [{ at: 'on-failure', run: { command: ['true'], timeoutSeconds: 30 } }];
}, 60_000);
afterAll(() => world?.close());

/** Rolls back. @returns the exit code, and what was on stdout when the first hook began */
async function rollBack() {
  const context = fakeContext(['fast-rollback', 'api'], { clock: world.clock });
  let before: string | undefined;
  const { write } = context.stderr;
  context.stderr.write = (text) => {
    if (text.includes('on-failure')) before ??= context.stdout.text;
    write.call(context.stderr, text);
  };
  const code = await rollBackFleet(context, world.services, {}, { force: false });
  return { code, before };
}

it.each([
  ['roll', /^release \S+ of api in local was undone in \S+ s; v2 serves on every instance\n$/],
  ['bake', /\nfast-rollback api v1 \(before: v2\) in local: done in /],
] as const)(
  'fast-rollback reports its result before the hooks of the release that it has undone: crashed after %s',
  async (at, report) => {
    await die(world, await planRelease(world.services, world.clock, {}), { at, how: 'finished' });
    const { code, before } = await rollBack();
    expect(code).toBe(exitCodes.done);
    expect(before).toMatch(report);
  },
  60_000,
);
