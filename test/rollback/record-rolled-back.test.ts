import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planRelease } from '../../src/release/plan.ts';
import { servingSummary } from '../../src/release/summary.ts';
import { rollbackOperation } from '../../src/rollback/operation.ts';
import { readOutlook } from '../../src/rollback/outlook.ts';
import { planRollback } from '../../src/rollback/plan.ts';
import { Simulated } from '../support/simulated.ts';

let world: Simulated;

async function release(): Promise<string> {
  const result = await world.run(await planRelease(world.services, world.clock, {}));
  expect(result.error).toBeUndefined();
  return result.state.version;
}
/** Plans the way back to a version; no refresh is to be blocking. */
const back = (version: string) =>
  planRollback(world.services, world.clock, { version, force: false, supersede: true, wait: true });
const leftovers = async () =>
  (await world.services.ledger.releases('api'))
    .filter((one) => one.rolledBackAt !== undefined)
    .map((one) => one.version);

beforeAll(async () => {
  world = await Simulated.create([], { switching: true });
  await release();
}, 60_000);
afterAll(() => world?.close());

describe('a later rollback does not select', () => {
  it('any version that was skipped: the next one goes to what really served before', async () => {
    const [good, bad, worse] = [await release(), await release(), await release()];
    const plan = await back(good);
    expect(plan.described.preflight).toContain(`no later rollback goes to ${bad}, ${worse} by itself`);
    const result = await world.run(plan);
    expect(result.error).toBeUndefined();
    expect(servingSummary(result.state)).toMatchObject({ version: good, previous: worse });
    expect((await leftovers()).slice(-2)).toEqual([bad, worse]);
    expect(await leftovers()).not.toContain(good);
    await release();
    expect(await readOutlook(world.services)).toMatchObject({ version: good });
  }, 60_000);

  it.each([
    ['the old image was pinned', ['preflight', 'pin-template']],
    ['every host was switched', ['preflight', 'pin-template', 'switch-in-place']],
  ])(
    'the version that served, also when an in-place rollback crashed after %s and another run completes it',
    async (_, done) => {
      const good = await release();
      const bad = await release();
      const plan = await back(good);
      expect(plan.initial.method).toBe('in-place');
      const died = await world.run({ ...plan, steps: plan.steps.filter((step) => done.includes(step.id)) });
      expect(died.error).toBeUndefined();
      expect(await leftovers()).not.toContain(bad);
      const again = await world.run(await back(good));
      expect(again.error).toBeUndefined();
      expect(servingSummary(again.state)).toMatchObject({ version: good, previous: bad });
      expect(rollbackOperation.undoCommand(again.state, world.services)).toBe(`pipeline fast-rollback api ${bad}`);
      expect(await leftovers()).toContain(bad);
    },
    60_000,
  );
});
