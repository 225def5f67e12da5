import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { localCloudDir } from '../../src/composition/surroundings.ts';

let cwd = '';
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'surroundings-'));
  writeFileSync(join(cwd, 'file'), '');
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const folder = (named?: string) => localCloudDir({ cwd, env: { PIPELINE_LOCAL_DIR: named } }, () => '/project');

test('without PIPELINE_LOCAL_DIR, or with an empty one, the state is in the project', () => {
  expect(folder()).toBe('/project/.pipeline/local');
  expect(folder('')).toBe('/project/.pipeline/local');
});

test('a relative PIPELINE_LOCAL_DIR starts at the working folder, and need not exist', () => {
  expect(folder('a/b')).toBe(join(cwd, 'a/b'));
});

test.each([
  ['file', 'is a file'],
  ['file/state', 'is below the file'],
  ['  ', 'is blank'],
  ['a\nb', 'has control characters'],
  ['a\u202eb', 'has control characters'],
])('PIPELINE_LOCAL_DIR=%j is a usage error: it %s', (named, why) => {
  expect(() => folder(named)).toThrowError(
    expect.objectContaining({ code: 'local.folder', outcome: 'usage', message: expect.stringContaining(why) }),
  );
});
