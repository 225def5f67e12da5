import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCli } from '../../src/cli/main.ts';
import { fakeContext } from './support/fake-context.ts';

let project = '';
beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'project-'));
  mkdirSync(join(project, 'pipelines'));
  writeFileSync(join(project, 'pipelines', 'api.ts'), 'throw new Error("must not be loaded by a hostile name");\n');
});
afterAll(() => rmSync(project, { recursive: true, force: true }));

async function run(argv: string[], cwd = project) {
  const context = fakeContext(argv, { cwd });
  return { code: await runCli(context), out: context.stdout.text, err: context.stderr.text };
}

test('help exits with 0 on stdout, and no command exits with 2 and the help on stderr', async () => {
  expect(await run(['--help'])).toMatchObject({ code: 0, err: '', out: expect.stringContaining('Usage: pipeline') });
  const { code, out, err } = await run([]);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toMatch(/^Usage: pipeline[\s\S]*\nerror: no command given\n$/);
});

test('an unknown command exits with 2 and a suggestion, with --json as a document', async () => {
  expect(await run(['statsu'])).toEqual({
    code: 2,
    out: '',
    err: "error: unknown command 'statsu'\nfix: did you mean status?\n",
  });
  const { code, out } = await run(['statsu', '--json']);
  expect(code).toBe(2);
  expect(JSON.parse(out)).toMatchObject({
    outcome: 'usage',
    error: { code: 'usage.unknown-command', fix: 'did you mean status?' },
  });
});

test.each([
  ['release', ';rm -rf', 'name.app'],
  ['release', '../api', 'name.app'],
  ['release', 'api\nrm', 'name.app'],
  ['release', '', 'name.app'],
  ['images', '$(id)', 'name.app'],
  ['history', 'api/../api', 'name.app'],
  ['status', '\u001b[2Japi', 'name.app'],
  ['release', 'api', 'name.ref', '--ref', '--upload-pack=touch /tmp/x'],
  ['release', 'api', 'name.ref', '--ref', '--upload-pack'],
  ['release', 'api', 'name.ref', '--ref', 'main;id'],
  ['release', 'api', 'name.environment', '--env', '../prod'],
  ['fast-rollback', 'api', 'name.version', '41; id'],
])('%s %j is refused before anything is loaded: %s', async (command, app, code, ...more) => {
  const { code: exit, out, err } = await run([command, app, ...more, '--json']);
  expect(exit).toBe(2);
  expect(JSON.parse(out).error.code).toBe(code);
  // What was typed is shown quoted, on one line, with nothing that a terminal would obey.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  expect(err).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  expect(
    err
      .split('\n')
      .filter(Boolean)
      .every((line) => /^(error|fix): |^ {2}/.test(line)),
  ).toBe(true);
});

test('outside of a project the error names the searched folders, and --project must name a project', async () => {
  const outside = await run(['status'], '/');
  expect(outside).toMatchObject({ code: 2, err: expect.stringContaining('no folder pipelines/ in /') });
  expect(await run(['status', '--project', 'nowhere'])).toMatchObject({
    code: 2,
    err: expect.stringContaining('"nowhere" is not a project'),
  });
});

test('an unknown app exits with 2 and the known apps', async () => {
  expect(await run(['status', 'apo'])).toMatchObject({ code: 2, err: expect.stringContaining('did you mean api?') });
});

test('a defect exits with 1, and is printed as a defect', async () => {
  const context = fakeContext(['--help']);
  const broken = { ...context, stdout: null } as unknown as typeof context;
  expect(await runCli(broken)).toBe(1);
  expect(context.stderr.text).toContain('a defect in pipeline');
});

test('an invalid port is refused', async () => {
  expect(await run(['local', 'up', '--port', 'x'])).toMatchObject({
    code: 2,
    err: expect.stringContaining('--port "x" is not a port'),
  });
});

test.each([['--help'], ['-h']])('run %s shows the help of run and exits with 0', async (flag) => {
  const { code, out, err } = await run(['run', flag]);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toMatch(/^Usage: pipeline run \[options\] <app> \[task\]\n/);
});

test.each([
  ['nope', 'config.unknown-app'],
  ['', 'name.app'],
])('doctor of the app %j, which does not exist, is a usage error', async (app, errorCode) => {
  const { code, out } = await run(['doctor', app, '--json']);
  expect(code).toBe(2);
  expect(JSON.parse(out).error).toMatchObject({ code: errorCode });
});
