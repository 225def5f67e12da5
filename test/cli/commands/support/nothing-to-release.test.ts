import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CommandOptions } from '../../../../src/cli/command.ts';
import { release } from '../../../../src/cli/commands/release.ts';
import { planRelease } from '../../../../src/release/plan.ts';
import { die } from '../../../support/dying.ts';
import { Simulated } from '../../../support/simulated.ts';
import { fakeContext } from '../../support/fake-context.ts';

let world: Simulated;

beforeAll(async () => {
  world = await Simulated.create();
}, 60_000);
afterAll(() => world?.close());

async function releasing(options: CommandOptions = {}, request: Parameters<typeof release>[3] = {}) {
  const context = fakeContext(['release', 'api'], { clock: world.clock });
  const code = await release(context, world.services, options, request).catch((error: unknown) => error);
  return { code, out: context.stdout.text, err: context.stderr.text };
}

const recorded = async () => {
  const { ledger } = world.services;
  const versions = (await ledger.releases('api')).map(({ version }) => version);
  return { versions, runs: (await ledger.runs('api')).length, lock: await ledger.lockOf('api') };
};

describe('a release of a commit that serves already', () => {
  it('exits with 0, says what serves since when, and leaves no record, version or lock', async () => {
    expect((await releasing()).code).toBe(0);
    const before = await recorded();
    const [run] = await world.services.ledger.runs('api', 1);
    const again = await releasing();
    expect(again).toMatchObject({ code: 0, err: '' });
    const since = run?.finishedAt?.slice(0, 16).replace('T', ' ');
    const [first, second] = again.out.split('\n');
    expect(first).toBe(
      `nothing to release: api v1 (${run?.commit?.slice(0, 12)} "The first version") serves in local already, since ${since} (${run?.by})`,
    );
    expect(second).toBe('to build and roll it once more: pipeline release api --again');
    expect(await recorded()).toEqual(before);
    expect(before).toMatchObject({ versions: ['v1'], lock: undefined });
  }, 60_000);

  it('prints the same for --dry-run, and one document with --json', async () => {
    expect((await releasing({ dryRun: true })).out).toContain('nothing to release: api v1 (');
    const [run] = await world.services.ledger.runs('api', 1);
    for (const dryRun of [false, true]) {
      expect(JSON.parse((await releasing({ json: true, dryRun, env: 'local' })).out)).toMatchObject({
        ...{ schema: 2, app: 'api', environment: 'local', operation: 'release', outcome: 'nothing-to-release' },
        ...{ version: 'v1', commit: run?.commit, again: 'pipeline release api --again --env local' },
        release: { version: 'v1', run: run?.id, since: run?.finishedAt, by: run?.by },
      });
    }
  });

  it('names a command for just this release, whatever HEAD is by then', async () => {
    const [run] = await world.services.ledger.runs('api', 1);
    const request = { ref: 'HEAD', bake: 'builder', strategy: 'rolling', fromBase: true, skipMigrate: true } as const;
    const options = { json: true, allowDirty: true, emergency: true, reason: 'the shop is down', env: 'local' };
    const { again } = JSON.parse((await releasing(options, { ...request, noRollbackTarget: true })).out);
    expect(again).toBe(
      `pipeline release api --ref ${run?.commit} --bake builder --strategy rolling --from-base --skip-migrate --no-rollback-target --allow-dirty --emergency --reason "the shop is down" --again --env local`,
    );
  });

  it('is made with --again', async () => {
    expect((await releasing({}, { again: true })).out).toContain('release api v2 (before: v1) in local: done');
  }, 60_000);

  it('is refused while the lock is held, and planned with --dry-run', async () => {
    const held = await world.services.ledger.lock('api', { command: 'pipeline scale api 5' });
    expect((await releasing()).code).toMatchObject({ code: 'lock.held', outcome: 'locked' });
    expect((await releasing({ dryRun: true })).out).toContain('release api in local would do, in this order');
    await held.release();
  });

  it('is planned while a crashed release is to be undone first, and is nothing once that is done', async () => {
    const plan = await planRelease(world.services, world.clock, {});
    const { id } = await die(world, plan, { at: 'enter-standby', how: 'made' }, 'pipeline release api --ref other');
    expect((await releasing({ dryRun: true })).out).toContain('release api in local would do, in this order');
    const after = await releasing();
    expect(after.err).toContain(`run ${id} (pipeline release api --ref other) crashed`);
    expect(after).toMatchObject({ code: 0, out: expect.stringContaining('nothing to release: api v2 (') });
  }, 60_000);
});
