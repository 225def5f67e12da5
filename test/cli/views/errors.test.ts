import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PipelineError } from '@golden-pipeline/shared/errors';
import { expect, test } from 'vitest';
import { errorDocument, renderError } from '../../../src/cli/views/errors.ts';
import { colorsFor } from '../../../src/cli/views/text.ts';

const quiet = { colors: colorsFor(false), debug: false };
const error = new PipelineError('ansible.failed', 'task "install" failed\non i-1', {
  fix: 'run it by hand',
  details: ['npm ERR! \u001b[31mno network\u001b[0m', 'npm ERR! again\r\nand again'],
  cause: new Error('exit 2'),
});

test('an error is shown with what happened, its evidence indented, and the fix', () => {
  expect(renderError(error, quiet)).toBe(
    [
      'error: task "install" failed',
      '  on i-1',
      '  npm ERR! no network',
      '  npm ERR! again',
      '  and again',
      'fix: run it by hand',
      '',
    ].join('\n'),
  );
});

test('the stack and the causes are shown only with --debug', () => {
  expect(renderError(error, quiet)).not.toContain('    at ');
  const debug = renderError(error, { ...quiet, debug: true });
  expect(debug).toContain('    at ');
  expect(debug).toContain('caused by Error: exit 2');
});

test('an unexpected exception is shown as a defect, with its message but without the stack', () => {
  const text = renderError(new TypeError('x is not a function'), quiet);
  expect(text).toContain('error: a defect in pipeline');
  expect(text).toContain('TypeError: x is not a function');
  expect(text).toContain('--debug');
  expect(text).not.toContain('    at ');
  expect(renderError('a string', quiet)).toContain('a string');
});

test('a path without permission is named with the reason, and is not a defect', async () => {
  const inFile = await mkdir(join(import.meta.filename, 'below')).catch((error: unknown) => error);
  const text = renderError(inFile, quiet);
  expect(text).toMatch(/^error: cannot mkdir .*errors\.test\.ts\/below: a part of the path is a file, not a folder\n/);
  expect(text).not.toContain('defect');
  const denied = Object.assign(new Error("EACCES: permission denied, open '/x/log'"), {
    ...{ code: 'EACCES', syscall: 'open', path: '/x/log' },
  });
  expect(errorDocument(denied)).toMatchObject({
    outcome: 'failed',
    error: { code: 'system.eacces', message: 'cannot open /x/log: permission denied' },
  });
});

test('the error document for --json has the same facts', () => {
  expect(errorDocument(error)).toEqual({
    outcome: 'failed',
    error: { code: 'ansible.failed', message: error.message, fix: 'run it by hand', details: error.details },
  });
});
