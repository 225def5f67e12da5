import { join } from 'node:path';
import { systemClock } from '@golden-pipeline/shared/clock';
import { expect, test } from 'vitest';
import { runCli } from '../../../src/cli/main.ts';
import { createFileLedger } from '../../../src/ledger/ledger.ts';
import { file, minimal, project } from '../../config/support/project.ts';
import { fakeContext } from '../support/fake-context.ts';

async function history(dir: string, ...options: string[]) {
  const context = fakeContext(['history', 'api', ...options], { cwd: dir, env: {} });
  return { code: await runCli(context), out: context.stdout.text, err: context.stderr.text };
}

test('history shows the runs of a ledger in files when the cloud is down', async () => {
  const dir = await project({ 'api.ts': file(minimal({ ledger: { type: 'files', path: 'kept' } })) });
  const none = await history(dir);
  expect(none).toEqual({ code: 0, out: 'no runs of api in local yet\n', err: '' });

  const ledger = createFileLedger({
    dir: join(dir, 'kept'),
    environment: 'local',
    clock: systemClock(),
    identity: { owner: 'ann', host: 'h' },
  });
  const at = '2026-01-01T00:00:00.000Z';
  await ledger.saveRun({
    ...{ id: '20260101T000000-abcd', operation: 'release', app: 'api', environment: 'local' },
    ...{ startedAt: at, finishedAt: at, by: 'ann@h', host: 'h', command: 'pipeline release api', steps: [] },
    ...{ outcome: 'done', version: 'v7', seconds: 12 },
  });
  const text = await history(dir);
  expect(text).toMatchObject({ code: 0, err: '' });
  expect(text.out).toMatch(/20260101T000000-abcd .*release +v7 .*done/);
  expect(text.out).toContain('the local cloud is not running');
  const json = await history(dir, '--json');
  expect(json.code).toBe(0);
  expect(JSON.parse(json.out)).toMatchObject([{ version: 'v7', outcome: 'done' }]);
});

test('history of one run tells who, what, why it failed and what was undone, by the beginning of its id', async () => {
  const dir = await project({ 'api.ts': file(minimal({ ledger: { type: 'files', path: 'kept' } })) });
  const ledger = createFileLedger({
    dir: join(dir, 'kept'),
    environment: 'local',
    clock: systemClock(),
    identity: { owner: 'ann', host: 'h' },
  });
  const id = '20260101T000000-abcd';
  const at = '2026-01-01T00:00:00.000Z';
  const error = { code: 'bake.failed', message: 'no image', fix: 'bake again', details: ['evidence'] };
  await ledger.saveRun({
    ...{ id, operation: 'release', app: 'api', environment: 'local', startedAt: at, finishedAt: at, by: 'ann@h' },
    ...{ host: 'h', command: 'pipeline release api', outcome: 'interrupted', signal: 'SIGTERM', seconds: 12, error },
    ...{ version: 'v7', previous: 'v6', commit: 'c'.repeat(40) },
    steps: [{ id: 'bake', title: 'Bake the golden image', status: 'failed', seconds: 12 }],
  });
  const entries = [{ type: 'undo.finished', step: 'bake' }];
  for (const [index, entry] of entries.entries()) await ledger.appendJournal(id, index + 1, entry);

  const text = await history(dir, '20260101');
  expect(text).toMatchObject({ code: 0, err: '' });
  expect(text.out.replace(/^time .*\n/m, '').split('\n')).toEqual([
    `run      release of api in local, ${id}`,
    'outcome  interrupted (exit code 143)',
    'version  attempt at v7 (before: v6)',
    'commit   cccccccccccc',
    'by       ann@h: pipeline release api',
    '',
    'step  status  time  what',
    'bake  failed  12s   Bake the golden image',
    '',
    'error: no image (bake.failed)',
    '  evidence',
    'fix: bake again',
    'undone:',
    '  bake: Bake the golden image',
    '',
  ]);
  const json = await history(dir, id, '--json');
  expect(JSON.parse(json.out)).toMatchObject({ schema: 2, run: id, outcome: 'interrupted', exitCode: 143, error });
  expect(JSON.parse((await history(dir, '--json')).out)).toMatchObject([{ id, error, commit: 'c'.repeat(40) }]);
  const unknown = await history(dir, '2027');
  expect(unknown).toMatchObject({ code: 2, out: '', err: expect.stringContaining('api in local has no run "2027"') });
  expect((await history(dir, id, '--limit', '3')).code).toBe(2);
});

test('history of a ledger in a bucket fails when its cloud is down', async () => {
  const dir = await project({ 'api.ts': file(minimal({ ledger: { type: 's3', bucket: 'ledger' } })) });
  const { code, out, err } = await history(dir);
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(err).toContain('fix: start it: pipeline local up');
});
