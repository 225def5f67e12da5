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

test('history of a ledger in a bucket fails when its cloud is down', async () => {
  const dir = await project({ 'api.ts': file(minimal({ ledger: { type: 's3', bucket: 'ledger' } })) });
  const { code, out, err } = await history(dir);
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(err).toContain('fix: start it: pipeline local up');
});
