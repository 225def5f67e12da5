import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');

/** Comments, and the descriptions of settings, which stand in docs/ themselves. */
const notPrinted = /^\s*(\/\/|\/?\*)/;

test('printed texts name documentation pages by the name of the package, and only pages that exist', async () => {
  const files = (await readdir(path.join(root, 'src'), { recursive: true })).filter((name) => name.endsWith('.ts'));
  const wrong: string[] = [];
  for (const file of files.filter((name) => !/^config\/(schema\/|reference\.ts)/.test(name))) {
    const lines = (await readFile(path.join(root, 'src', file), 'utf8')).split('\n');
    for (const line of lines.filter((one) => !notPrinted.test(one))) {
      for (const [shown, owner, page = ''] of line.matchAll(/([\w/-]*)\bdocs\/([\w-]+\.md)/g)) {
        if (owner !== 'golden-pipeline/' || !existsSync(path.join(root, 'docs', page))) wrong.push(`${file}: ${shown}`);
      }
    }
  }
  expect(wrong).toEqual([]);
});
