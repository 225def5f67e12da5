import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');

test('the map of the source names only files and folders that exist', async () => {
  const page = await readFile(path.join(root, 'docs/architecture.md'), 'utf8');
  const named = [...page.matchAll(/`((?:src|test|packages|infra|scripts)\/[\w./-]*)`/g)].map(([, name]) => name ?? '');
  // The two examples of mirrored paths.
  const examples = /^(src\/a\/b|test\/a\/b|packages\/x\/)/;
  expect(named.length).toBeGreaterThan(30);
  expect(named.filter((name) => !examples.test(name) && !existsSync(path.join(root, name)))).toEqual([]);
});
