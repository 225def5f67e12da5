import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runCli } from '../../../src/cli/main.ts';
import { fakeContext } from '../support/fake-context.ts';

let root = '';
let dir = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'gp-reset-'));
  dir = join(root, 'cloud');
  mkdirSync(dir);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

async function reset(...options: string[]) {
  const context = fakeContext(['local', 'reset', ...options], { cwd: root, env: { PIPELINE_LOCAL_DIR: dir } });
  return { code: await runCli(context), out: context.stdout.text, err: context.stderr.text };
}

test.each(['state.json', 'cloud.json', 'daemon.log'])(
  'local reset treats a folder with %s as a local cloud and deletes it',
  async (name) => {
    writeFileSync(join(dir, name), '{}');
    expect(await reset('--yes')).toEqual({ code: 0, out: `the local cloud is gone: ${dir} was deleted\n`, err: '' });
    expect(readdirSync(root)).toEqual([]);
  },
);

test('local reset without a cloud deletes nothing and asks nothing', async () => {
  rmSync(dir, { recursive: true });
  expect(await reset()).toEqual({ code: 0, out: 'there is no local cloud to delete\n', err: '' });
  expect(JSON.parse((await reset('--json')).out)).toEqual({ removed: false, dir });
});

test('local reset without a yes deletes nothing', async () => {
  writeFileSync(join(dir, 'state.json'), '{}');
  const refused = await reset();
  expect(refused).toMatchObject({ code: 2, out: '', err: expect.stringContaining(`images in ${dir}?`) });
  expect(refused.err).toContain('--yes');
  expect(readdirSync(dir)).toEqual(['state.json']);
});

test.each([
  ['a folder of something else', () => writeFileSync(join(dir, 'thesis.txt'), 'mine')],
  [
    'a folder with a log and more',
    () => {
      writeFileSync(join(dir, 'daemon.log'), '');
      writeFileSync(join(dir, 'thesis.txt'), 'mine');
    },
  ],
  [
    'a file',
    () => {
      rmSync(dir, { recursive: true });
      writeFileSync(dir, 'mine');
    },
  ],
  [
    'a link to somewhere else',
    () => {
      rmSync(dir, { recursive: true });
      mkdirSync(join(root, 'home'));
      writeFileSync(join(root, 'home', 'state.json'), 'mine');
      symlinkSync(join(root, 'home'), dir);
    },
  ],
])('local reset keeps %s, also with --yes', async (_what, make) => {
  make();
  const before = readdirSync(root, { recursive: true });
  expect(await reset('--yes')).toMatchObject({
    code: 2,
    out: '',
    err: expect.stringMatching(/ does not look like the folder of a local cloud| is a file, expected a folder/),
  });
  expect(readdirSync(root, { recursive: true })).toEqual(before);
  expect(existsSync(dir)).toBe(true);
});
