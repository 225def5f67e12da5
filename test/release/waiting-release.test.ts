import { afterAll, beforeAll, expect, it } from 'vitest';
import { release } from '../../src/cli/commands/release.ts';
import { fakeContext } from '../cli/support/fake-context.ts';
import { Simulated } from '../support/simulated.ts';

let world: Simulated;
beforeAll(async () => {
  world = await Simulated.create([]);
  expect(await releasing({})).toMatchObject({ code: 0 });
}, 60_000);
afterAll(() => world?.close());

async function releasing(options: Record<string, string>) {
  const context = fakeContext(['release', 'api'], { clock: world.clock });
  const code = await release(context, world.services, options, { again: true }).catch((error: unknown) => error);
  return { code, out: context.stdout.text, err: context.stderr.text };
}

const held = () => world.services.ledger.lockOf('api');

it('a release that waits for the lock is planned for the fleet as the other release has left it', async () => {
  const first = releasing({});
  await world.until(held, (lock) => lock !== undefined);
  const second = await releasing({ waitForLock: '1h' });
  expect(await first).toMatchObject({
    code: 0,
    out: expect.stringContaining('release api v2 (before: v1) in local: done'),
  });
  expect(second).toMatchObject({
    code: 0,
    out: expect.stringContaining('release api v3 (before: v2) in local: done'),
    err: expect.stringMatching(
      /api in local is locked by .*"pipeline release api" .*waiting until .*Ctrl-C to stop here/,
    ),
  });
  expect(second.err).toMatch(/the lock of api is free after/);
  // The first one has the same steps.
  expect(second.err).toMatch(/started +release api v3 in local: [0-9a-f]{12} ".*" \(before: v2\), run \S+, about \d/);
  expect(second.err).toMatch(/verify +progress +watching the new version, \d+s left/);
}, 60_000);

it('a release that waits for less than the other one takes ends with exit code 5 and changes nothing', async () => {
  const first = releasing({});
  await world.until(held, (lock) => lock !== undefined);
  expect(await releasing({ waitForLock: '2s' })).toMatchObject({
    code: { code: 'lock.held', outcome: 'locked' },
    out: '',
  });
  expect(await first).toMatchObject({ code: 0 });
}, 60_000);

it('a release on hold is refused at once, however long it would wait for a lock', async () => {
  const { holds } = world.services.ledger;
  await holds.place({ app: 'api' }, { reason: 'a fair', by: 'ann@h' });
  const began = world.clock.now();
  expect(await releasing({ waitForLock: '1h' })).toMatchObject({ code: { code: 'hold.active', outcome: 'locked' } });
  expect(world.clock.now() - began).toBeLessThan(60_000);
  await holds.end({ app: 'api' }, 'ann@h');
}, 60_000);

it('a duration that cannot be read is refused before anything is planned', async () => {
  expect(await releasing({ waitForLock: '10' })).toMatchObject({
    code: { code: 'usage.waitForLock', outcome: 'usage', message: '--wait-for-lock "10" is not a duration' },
  });
}, 60_000);
