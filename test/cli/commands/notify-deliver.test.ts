import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ManualClock } from '@golden-pipeline/shared/testing/manual-clock';
import { expect, it } from 'vitest';
import { runCli } from '../../../src/cli/main.ts';
import { file, minimal, project } from '../../config/support/project.ts';
import { type Call, startPeer } from '../../notify/support/peer.ts';
import { fakeContext } from '../support/fake-context.ts';

const hook: Call = { method: 'POST', path: /^\/hook$/, headers: {}, answer: () => ({ status: 200 }) };
const silent = { code: 0, out: '', err: '' };

/** A project of `api` and other files, whose targets are a peer. */
async function world(
  others: (config: (app: string, changes?: object) => string) => Record<string, string> = () => ({}),
) {
  const clock = new ManualClock();
  const peer = await startPeer([hook]);
  const notify = { targets: [{ to: 'webhook', url: 'env:HOOK_URL' }] };
  const ledger = { type: 'files', path: 'kept' };
  const config = (app: string, changes = {}) => file(minimal({ app, ledger, notify, ...changes }));
  const dir = await project({ 'api.ts': config('api'), ...others(config) });
  async function run(...argv: string[]) {
    const env = { PIPELINE_USER: 'ann', HOOK_URL: `${peer.url}/hook` };
    const context = fakeContext(argv, { cwd: dir, env, clock });
    const code = await runCli(context);
    return { code, out: context.stdout.text, err: context.stderr.text };
  }
  const leaveWaiting = async (app = 'api') => {
    peer.next.push({ status: 503 });
    await run('hold', app, '--reason', 'sale');
    await clock.advance(20_000);
  };
  const damage = async () => {
    const [name] = (await readdir(dir, { recursive: true })).filter((one) => /outbox\/all\/.*\.json$/.test(one));
    await writeFile(join(dir, `${name}`), '{"half');
  };
  return { clock, peer, dir, run, leaveWaiting, damage };
}

it('it prints nothing when nothing waits or all was delivered, and what still waits with exit code 1', async () => {
  const { clock, peer, run } = await world();
  expect(await run('notify', 'deliver')).toEqual(silent);
  peer.next.push({ status: 503 });
  await run('hold', 'api', '--reason', 'sale');
  expect(await run('notify', 'deliver')).toEqual({ code: 1, out: '0 delivered, 1 waiting\n', err: '' });
  await clock.advance(20_000);
  expect(await run('notify', 'deliver')).toEqual(silent);
  expect(peer.got).toHaveLength(2);
});

it('it prints what a target has refused', async () => {
  const { peer, run, leaveWaiting } = await world();
  await leaveWaiting();
  peer.next.push({ status: 400 });
  expect(await run('notify', 'deliver')).toEqual({ code: 0, out: '0 delivered, 0 waiting, 1 failed\n', err: '' });
});

it('a damaged record is reported once, and is not waited for', async () => {
  const { run, leaveWaiting, damage } = await world();
  await leaveWaiting();
  await damage();
  const first = await run('notify', 'deliver', '--json');
  expect(first).toMatchObject({ code: 0, err: expect.stringMatching(/^warning: the ledger's record \S+ is damaged;/) });
  expect(first.err.match(/is damaged/g)).toHaveLength(1);
  expect(JSON.parse(first.out)).toEqual({ delivered: 0, failed: 0, waiting: 0, foreign: 0, unreadable: 1 });
  expect(await run('notify', 'deliver')).toEqual(silent);
  const { err } = await run('unhold', 'api');
  expect(err).toBe('1 notification could not be delivered; pipeline notify list --env local\n');
});

it('notifications of another project in the same ledger are counted apart', async () => {
  const { dir, run, leaveWaiting } = await world((config) => ({ 'web.ts': config('web') }));
  await leaveWaiting('web');
  await rm(join(dir, 'pipelines/web.ts'));
  expect(await run('notify', 'deliver')).toEqual(silent);
  const { code, out } = await run('notify', 'deliver', '--json');
  expect({ code, ...JSON.parse(out) }).toMatchObject({ code: 0, waiting: 0, foreign: 1 });
});

it('a notification of an app whose file has mistakes waits for that reason', async () => {
  const { dir, run, leaveWaiting } = await world((config) => ({ 'web.ts': config('web') }));
  await leaveWaiting('web');
  await writeFile(join(dir, 'pipelines/web.ts'), file(minimal({ app: 'web', service: {} })));
  expect(await run('notify', 'deliver')).toMatchObject({ code: 1, out: '0 delivered, 1 waiting\n' });
  const { out } = await run('notify', 'list', '--json');
  expect(JSON.parse(out)).toMatchObject([{ state: 'waiting', reason: expect.stringContaining('pipelines/web.ts') }]);
});

const production = { environments: { production: { cloud: 'local' } } };

it.each(['deliver', 'list'])('notify %s is about the apps that have the environment', async (command) => {
  const { run } = await world((config) => ({ 'web.ts': config('web', production) }));
  expect(await run('notify', command, '--env', 'production')).toMatchObject({ code: 0, err: '' });
  expect(await run('notify', command, '--env', 'staging')).toMatchObject({
    code: 2,
    err: expect.stringContaining('has no environment "staging"'),
  });
});

it.each(['deliver', 'list'])(
  'notify %s warns of an app whose file has mistakes, and refuses when all have',
  async (command) => {
    const { dir, run } = await world(() => ({ 'web.ts': file(minimal({ app: 'web', service: {} })) }));
    expect(await run('notify', command)).toMatchObject({
      code: 0,
      err: expect.stringMatching(/^warning: web is left out: .*pipelines\/web\.ts.*; pipeline config check\n$/),
    });
    await rm(join(dir, 'pipelines/api.ts'));
    expect(await run('notify', command)).toMatchObject({ code: 2 });
  },
);

it('a ledger that cannot be reached does not keep those of others from being delivered', async () => {
  const { dir, peer, run, leaveWaiting } = await world((config) => ({
    'app.ts': config('app', { ledger: { type: 'files', path: 'blocked' } }),
  }));
  await leaveWaiting();
  await rm(join(dir, 'blocked'), { recursive: true, force: true });
  await writeFile(join(dir, 'blocked'), 'not a folder');
  const { code, out, err } = await run('notify', 'deliver');
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(err).toMatch(/^warning: notifications in \S*blocked\/local are left out: /);
  expect(peer.got).toHaveLength(2);
  const listed = await run('notify', 'list');
  expect(listed).toMatchObject({ code: 1, err: expect.stringContaining('blocked/local are left out') });
  expect(listed.out).toContain('delivered');
});

it('the ledger of an app without targets is not opened', async () => {
  const { dir, run } = await world((config) => ({
    'app.ts': config('app', { ledger: { type: 'files', path: 'blocked' }, notify: { targets: [] } }),
  }));
  await writeFile(join(dir, 'blocked'), 'not a folder');
  expect(await run('notify', 'deliver')).toEqual(silent);
});
