import { expect, test } from 'vitest';
import { runCli } from '../../../src/cli/main.ts';
import { file, minimal, project } from '../../config/support/project.ts';
import { fakeContext } from '../support/fake-context.ts';

async function status(dir: string, ...options: string[]) {
  const context = fakeContext(['status', ...options], { cwd: dir, env: {} });
  return { code: await runCli(context), out: context.stdout.text, err: context.stderr.text };
}

test('status --all-environments has a line for each environment that cannot be read, and exits with 1', async () => {
  const environments = { local: { cloud: 'local' }, trial: { cloud: 'local' } };
  const dir = await project({ 'api.ts': file(minimal({ environments, defaultEnvironment: 'local' })) });
  const { code, out, err } = await status(dir, 'api', '--all-environments');
  expect({ code, err }).toEqual({ code: 1, err: '' });
  expect(out.match(/^api in (local|trial) {2}cannot be read: the local cloud is not running/gm)).toHaveLength(2);
  expect(out).toContain('fix: start it: pipeline local up');
  const json = await status(dir, '--all-environments', '--json');
  expect(json.code).toBe(1);
  expect(JSON.parse(json.out)).toMatchObject([
    { app: 'api', environment: 'local', outcome: 'failed', error: { code: 'local.not-running' } },
    { app: 'api', environment: 'trial', outcome: 'failed' },
  ]);
});

test('status refuses --all-environments beside --env, and an app that is not there', async () => {
  const dir = await project({ 'api.ts': file(minimal()) });
  expect(await status(dir, 'api', '--all-environments', '--env', 'local')).toMatchObject({
    code: 2,
    err: expect.stringContaining('--all-environments and --env exclude each other'),
  });
  expect((await status(dir, 'web', '--all-environments')).code).toBe(2);
});
