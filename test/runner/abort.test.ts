import { afterAll, beforeAll, expect, it } from 'vitest';
import { planRelease } from '../../src/release/plan.ts';
import { abort } from '../../src/runner/abort.ts';
import { die } from '../support/dying.ts';
import { firstRelease, Simulated } from '../support/simulated.ts';
import { runnerOfTest } from './support/runner-context.ts';

let world: Simulated;
beforeAll(async () => {
  world = await Simulated.create();
  expect((await world.run(await planRelease(world.services, world.clock, {}))).error).toBeUndefined();
}, 60_000);
afterAll(() => world?.close());

const aborting = (wanted?: string) =>
  abort(runnerOfTest(world.clock, 'pipeline abort'), world.services, 'a test', wanted);

it('abort of a named run undoes that one, and no other run that is there instead', async () => {
  const { id } = await die(world, await planRelease(world.services, world.clock, {}), {
    at: 'enter-standby',
    how: 'made',
  });
  const other = '20260101T000000-aaaa';
  await expect(aborting(other)).rejects.toMatchObject({
    code: 'abort.other',
    outcome: 'usage',
    message: `run ${other} is not what can be aborted: run ${id} of api is`,
    fix: expect.stringContaining(`pipeline abort ${id}`),
  });
  expect(await world.serving()).not.toEqual(firstRelease);
  expect((await aborting(id))?.run).toMatchObject({ id, outcome: 'interrupted' });
  expect(await world.serving()).toEqual(firstRelease);
  expect(await aborting(id)).toBeUndefined();
}, 60_000);

it('abort of a named run leaves a run alone that holds the lock instead', async () => {
  const lock = await world.services.ledger.lock('api', { command: 'pipeline scale api 5' });
  await expect(aborting('20260101T000000-aaaa')).rejects.toMatchObject({ code: 'abort.other' });
  await lock.release();
});
