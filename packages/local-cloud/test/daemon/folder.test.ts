import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeFolder } from '../../src/daemon/folder.ts';

let dir = '';
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'folder-'));
  writeFileSync(join(dir, 'file'), '', { mode: 0o700 });
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

test('the folder is made for its owner only, with those above it, and may exist', () => {
  makeFolder(join(dir, 'a/b'));
  makeFolder(join(dir, 'a/b'));
  expect(statSync(join(dir, 'a/b')).mode & 0o777).toBe(0o700);
});

test.each([
  ['a file', () => join(dir, 'file')],
  ['below a file', () => join(dir, 'file/state')],
  ['where no folder can be made', () => '/proc/state/of/a/cloud'],
])('a path that is %s is a usage error with the path', (_, path) => {
  expect(() => makeFolder(path())).toThrowError(
    expect.objectContaining({ code: 'local.folder', outcome: 'usage', message: expect.stringContaining(path()) }),
  );
});
