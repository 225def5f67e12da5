import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ManualClock } from '@golden-pipeline/shared/testing/manual-clock';
import { expect, it } from 'vitest';
import { runCli } from '../../../src/cli/main.ts';
import { stopSignals } from '../../../src/engine/interrupt.ts';
import { attemptLimitMs } from '../../../src/notify/limits.ts';
import { file, minimal, project } from '../../config/support/project.ts';
import { type Call, startPeer } from '../../notify/support/peer.ts';
import { fakeContext } from '../support/fake-context.ts';

const clock = new ManualClock();
const hook: Call = { method: 'POST', path: /^\/very-secret-4711$/, headers: {}, answer: () => ({ status: 200 }) };

async function cli(cwd: string, env: Record<string, string>, ...argv: string[]) {
  const context = fakeContext(argv, { cwd, env: { PIPELINE_USER: 'ann', ...env }, clock });
  const code = await runCli(context);
  return { code, out: context.stdout.text, err: context.stderr.text };
}

async function world() {
  const peer = await startPeer([hook]);
  const env = { HOOK_URL: `${peer.url}/very-secret-4711` };
  const notify = { targets: [{ to: 'webhook', url: 'env:HOOK_URL' }] };
  const ledger = { type: 'files', path: 'kept' };
  const dir = await project({ 'api.ts': file(minimal({ ledger, notify })) });
  return { peer, dir, env, run: (...argv: string[]) => cli(dir, env, ...argv) };
}

it('a hold is announced to the targets before the command ends, and so is its end', async () => {
  const { peer, run } = await world();
  expect(await run('hold', 'api', '--reason', 'database is being moved')).toMatchObject({ code: 0, err: '' });
  expect(await run('unhold', 'api')).toMatchObject({ code: 0, err: '' });
  expect(peer.got.map(({ body }) => body.text)).toEqual([
    expect.stringMatching(/^api in local is on hold by ann@\S+: database is being moved$/),
    expect.stringMatching(/^api in local is no longer on hold \(ended by ann@\S+; it was: database is being moved\)$/),
  ]);
  expect(JSON.parse((await run('notify', 'list', '--json')).out)).toMatchObject([
    { state: 'delivered', attempts: 1 },
    { state: 'delivered', attempts: 1 },
  ]);
});

it('a target that is down does not change the outcome: commands say what waits, and the next one delivers it', async () => {
  const { peer, run } = await world();
  peer.next.push({ status: 503, text: 'down for very-secret-4711' });
  const held = await run('hold', 'api', '--reason', 'sale');
  expect(held).toMatchObject({ code: 0, err: '1 notification waiting; pipeline notify list --env local\n' });
  const listed = await run('notify', 'list', 'api');
  expect(listed.out).toMatch(
    /hold-api\.hold\.webhook .* waiting until .* 127\.0\.0\.1:\d+ answered 503: down for \[redacted\]/,
  );
  await clock.advance(20_000);
  expect(await run('unhold', 'api')).toMatchObject({ code: 0, err: '' });
  expect(peer.got.map(({ body }) => body.event)).toEqual(['hold', 'hold', 'unhold']);
});

it('an active attempt after 3 seconds is not cut off: a slow target gets a notification once', async () => {
  const { peer, run } = await world();
  let answer = (): void => undefined;
  const answered = new Promise<void>((resolve) => {
    answer = resolve;
  });
  peer.next.push({ status: 200, after: answered });
  const held = run('hold', 'api', '--reason', 'sale');
  while (peer.got.length === 0) await new Promise((resolve) => setImmediate(resolve));
  await clock.advance(3000);
  answer();
  expect(await held).toMatchObject({
    code: 0,
    err: expect.stringMatching(
      /^waiting for an answer to \S+-hold-api\.hold\.webhook; Ctrl-C leaves it to the next command\n$/,
    ),
  });
  expect(JSON.parse((await run('notify', 'list', '--json')).out)).toMatchObject([{ state: 'delivered', attempts: 1 }]);
});

it('a target that never answers is given up for this time when the time of its delivery is over', async () => {
  const { peer, run } = await world();
  peer.next.push('silent');
  const held = run('hold', 'api', '--reason', 'sale');
  while (peer.got.length === 0) await new Promise((resolve) => setImmediate(resolve));
  await clock.advance(attemptLimitMs);
  expect(await held).toMatchObject({
    code: 0,
    err: expect.stringMatching(/\n1 notification waiting; pipeline notify list --env local\n$/),
  });
  expect(JSON.parse((await run('notify', 'list', '--json')).out)).toMatchObject([{ state: 'waiting', attempts: 1 }]);
});

it.each(stopSignals)(
  '%s while a command waits for a delivery ends the waiting, with the exit code of the command',
  async (signal) => {
    const { peer, dir, env } = await world();
    peer.next.push('silent');
    const argv = ['hold', 'api', '--reason', 'sale'];
    const context = fakeContext(argv, { cwd: dir, env: { PIPELINE_USER: 'ann', ...env }, clock });
    const held = runCli(context);
    while (context.signals.listenerCount(signal) === 0 || peer.got.length === 0) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    context.signals.emit(signal);
    expect(await held).toBe(0);
    expect(context.signals.listenerCount(signal)).toBe(0);
    expect(context.exits).toEqual([]);
  },
);

it('what a target refuses is counted in the note, until it is replayed', async () => {
  const { peer, run } = await world();
  peer.next.push({ status: 400 });
  expect(await run('hold', 'api', '--reason', 'sale')).toMatchObject({
    code: 0,
    err: '1 notification could not be delivered; pipeline notify list --env local\n',
  });
  peer.next.push({ status: 503 });
  expect((await run('unhold', 'api')).err).toBe(
    '1 notification waiting, 1 could not be delivered; pipeline notify list --env local\n',
  );
});

it('a damaged record is reported by the commands that meet it, and the others are delivered', async () => {
  const { peer, dir, run } = await world();
  peer.next.push({ status: 503 });
  await run('hold', 'api', '--reason', 'sale');
  const [{ notification }] = JSON.parse((await run('notify', 'list', '--json')).out);
  const [file] = (await readdir(dir, { recursive: true })).filter((one) => one.endsWith(`all/${notification.id}.json`));
  await writeFile(join(dir, `${file}`), '{"half');
  const text = `warning: the ledger's record outbox/all/${notification.id} is damaged; fix: `;
  expect((await run('unhold', 'api')).err).toContain(text);
  expect(peer.got.map(({ body }) => body.event)).toEqual(['hold', 'unhold']);
  expect((await run('notify', 'list')).err).toContain(text);
});

it('notify test tells each target, and exits with 1 where one does not take it', async () => {
  const { peer, run } = await world();
  expect(await run('notify', 'test', 'api')).toMatchObject({
    code: 0,
    out: expect.stringMatching(/webhook +delivered/),
  });
  peer.next.push({ status: 404, text: 'no very-secret-4711 here' });
  const refused = await run('notify', 'test', 'api', 'webhook', '--json');
  expect(refused.code).toBe(1);
  expect(JSON.parse(refused.out)).toEqual([
    {
      target: 'webhook',
      to: 'webhook',
      state: 'failed',
      reason: expect.stringContaining('answered 404: no [redacted] here'),
    },
  ]);
});

it('notify test says which variable is missing on this computer', async () => {
  const { dir } = await world();
  const result = await cli(dir, {}, 'notify', 'test', 'api');
  expect(result).toMatchObject({ code: 1, out: expect.stringContaining('HOOK_URL is not set on this computer') });
});

it('what failed is delivered once more by replay', async () => {
  const { peer, run } = await world();
  peer.next.push({ status: 400 });
  await run('hold', 'api', '--reason', 'sale');
  const [failed] = JSON.parse((await run('notify', 'list', '--json')).out);
  expect(failed).toMatchObject({ state: 'failed', reason: expect.stringContaining('answered 400') });
  expect(await run('notify', 'replay', 'api', failed.notification.id)).toMatchObject({ code: 0 });
  expect(await run('notify', 'replay', 'api', '--failed')).toMatchObject({
    code: 0,
    out: 'no notification has failed\n',
  });
  expect(peer.got).toHaveLength(2);
});

it.each([
  [['notify', 'test', 'api', 'slack'], 'api in local has no target "slack"\nfix: its targets: webhook'],
  [['notify', 'replay', 'api'], 'which notification?'],
  [['notify', 'replay', 'api', 'x', '--failed'], 'which notification?'],
  [['notify', 'replay', 'api', '../locks/api'], 'api in local has no notification "../locks/api"'],
  [['notify', 'list', '--limit', '0'], '--limit "0" is not a whole number above 0'],
])('%j is refused', async (argv, text) => {
  const { run } = await world();
  expect(await run(...argv)).toMatchObject({ code: 2, err: expect.stringContaining(text) });
});
