import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { asTask } from '../../src/cli/as-task.ts';
import { commands } from '../../src/cli/commands/index.ts';
import { fakeContext } from './support/fake-context.ts';

let root = '';
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'gp-as-task-'));
  mkdirSync(join(root, 'project', 'pipelines'), { recursive: true });
  mkdirSync(join(root, 'project', 'ansible'));
  mkdirSync(join(root, 'elsewhere'));
  for (const name of ['api', 'sg']) writeFileSync(join(root, 'project', 'pipelines', `${name}.ts`), '');
  writeFileSync(join(root, 'project', 'outside.ts'), '');
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const read = (argv: string[], cwd = 'project') => asTask(fakeContext(argv, { cwd: join(root, cwd) }), commands);

test.each([
  ['an app’s task', ['sg', 'open', 'ssh', '--for', '1h'], ['run', 'sg', 'open', 'ssh', '--for', '1h']],
  ['an app alone, for the list of its tasks', ['api'], ['run', 'api']],
  ['a command for the app', ['api', 'release', '--ref', 'main'], ['release', 'api', '--ref', 'main']],
  ['a command that can do without an app, for this one', ['api', 'status'], ['status', 'api']],
  ['a command that takes no app is the task of that name', ['api', 'pause'], ['run', 'api', 'pause']],
])('as a task: %s: %j', (_what, argv, meant) => {
  expect(read(argv)).toEqual(meant);
  expect(read(argv, 'project/ansible'), 'below the project').toEqual(meant);
});

test.each([
  ['a command first', ['release', 'api']],
  ['a typing error', ['apo', 'release']],
  ['an option', ['--help']],
  ['nothing', []],
  ['a file that is not an app', ['../outside', 'x']],
  ['a word that is not the name of an app', ['API', 'x']],
])('as a task: %s stays as it was typed: %j', (_what, argv) => {
  expect(read(argv)).toEqual(argv);
});

test('outside of a project no word is an app', () => {
  expect(read(['api', 'release'], 'elsewhere')).toEqual(['api', 'release']);
});
