import { expect, test } from 'vitest';
import { runCli } from '../../../src/cli/main.ts';
import { file, minimal, project } from '../../config/support/project.ts';
import { fakeContext } from '../support/fake-context.ts';

test.each([
  { argv: ['tasks'], text: 'no app has tasks' },
  { argv: ['tasks', 'api'], text: 'api has no tasks' },
  { argv: ['run', 'api'], text: 'api has no tasks' },
])('$argv names the app without tasks, and the documentation page that shows one', async ({ argv, text }) => {
  const context = fakeContext(argv, { cwd: await project({ 'api.ts': file(minimal()) }), env: {} });
  expect(await runCli(context)).toBe(0);
  expect(context.stdout.text).toBe(`${text}; golden-pipeline/docs/tasks.md shows how to write one\n`);
});
