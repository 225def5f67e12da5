import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';

const src = path.resolve(import.meta.dirname, '../../src');
/** Whatever a server, a test or another program may run as well as the command line. */
const folders = [
  ...['runner', 'engine', 'release', 'rollback', 'scale', 'repair', 'secrets', 'retention', 'fleet', 'plays'],
  ...['analysis', 'tasks', 'doctor', 'status', 'base-image', 'ledger-rebuild', 'project'],
];

async function sources(folder: string): Promise<string[]> {
  const entries = await readdir(path.join(src, folder), { recursive: true });
  return entries.filter((name) => name.endsWith('.ts')).map((name) => path.join(src, folder, name));
}

/** The code of a file without its comments. */
const codeOf = async (file: string) =>
  (await readFile(file, 'utf8')).replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');

it.each(folders)('src/%s uses no process and writes to no terminal: both come in by ports', async (folder) => {
  const files = await sources(folder);
  expect(files).not.toEqual([]);
  const found = await Promise.all(
    files.map(async (file) => ({
      file: path.relative(src, file),
      uses:
        (await codeOf(file)).match(/\bprocess\.\w+|\bstd(?:out|err)\.write|\bconsole\.\w+|from 'node:process'/g) ?? [],
    })),
  );
  expect(found.filter(({ uses }) => uses.length > 0)).toEqual([]);
});

it('the registry alone lists operations: no other file of the runner and below decides by the name of one', async () => {
  const names = ['release', 'fast-rollback', 'prune', 'pin', 'unpin', 'scale', 'repair', 'refresh-secrets'];
  const decides = new RegExp(`\\boperation\\b[^\\n]*[!=]== '(?:${names.join('|')})'`);
  const files = (await Promise.all(folders.map(sources))).flat();
  const found = await Promise.all(files.map(async (file) => (decides.test(await codeOf(file)) ? [file] : [])));
  expect(found.flat().map((file) => path.relative(src, file))).toEqual([]);
});
