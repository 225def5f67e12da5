import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/** Programs of our own first on PATH, each a Node script; `calls` gives the arguments they were started with. */
export async function fakePrograms() {
  const folder = await mkdtemp(join(tmpdir(), 'gp-fake-'));
  const bin = join(folder, 'bin');
  const path = process.env.PATH;
  await mkdir(bin);
  process.env.PATH = `${bin}${delimiter}${path}`;
  return {
    folder,
    /** `body` is JavaScript; `argv` and `record(extra)` are defined. */
    async put(name: string, body: string) {
      const log = JSON.stringify(join(folder, `${name}.calls`));
      const head = `#!${process.execPath}\nconst fs = require('node:fs'); const argv = process.argv.slice(2);\nconst record = (extra = {}) => fs.appendFileSync(${log}, JSON.stringify({ argv, ...extra }) + '\\n');\n`;
      await writeFile(join(bin, name), `${head}${body}\n`);
      await chmod(join(bin, name), 0o755);
    },
    async calls<T = { argv: string[] }>(name: string): Promise<T[]> {
      const text = await readFile(join(folder, `${name}.calls`), 'utf8').catch(() => '');
      return text
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as T);
    },
    /** Nothing is found on PATH any more. */
    hideAll() {
      process.env.PATH = join(folder, 'nothing');
    },
    async remove() {
      process.env.PATH = path;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
