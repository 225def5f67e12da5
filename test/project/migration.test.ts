import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runCli } from '../../src/cli/main.ts';
import { loadFleet } from '../../src/config/load.ts';
import { gatherMigration } from '../../src/project/gather-migration.ts';
import { fakeContext } from '../cli/support/fake-context.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gp-migration-'));
  writeFileSync(join(folder, 'package.json'), '{"scripts": {"start": "node app.js", "migrate": "node migrate.js"}}');
  writeFileSync(join(folder, 'app.js'), "get('/up'); listen(process.env.PORT || 4567, process.env.HOST)");
  mkdirSync(join(folder, 'node_modules'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const file = () => join(folder, 'pipelines/shop.ts');
const proposed = ['npm', 'run', 'migrate'];

async function pipeline(...argv: string[]) {
  const context = fakeContext(argv, { cwd: folder });
  return { code: await runCli(context), out: context.stdout.text, err: context.stderr.text };
}

async function migrationAfter(...options: string[]) {
  expect(await pipeline('init', 'shop', '--env', 'local', ...options)).toMatchObject({ code: 0 });
  return (await loadFleet({ projectDir: folder, app: 'shop' })).release.migrate;
}

it('init writes the migration that it has found where all proposals are accepted', async () => {
  expect(await migrationAfter('--yes')).toEqual({ command: proposed, when: 'before-roll', timeoutSeconds: 1800 });
  expect(await pipeline('config', 'check')).toMatchObject({ code: 0, out: 'ok  shop: local\n' });
});

it.each([[[]], [['--yes', '--migrate', '-']]])(
  'init with %j leaves a migration that is valid without its comment',
  async (options) => {
    expect(await migrationAfter(...options)).toBeUndefined();
    const text = readFileSync(file(), 'utf8');
    writeFileSync(file(), text.replace('// migrate:', 'migrate:'));
    expect(await pipeline('config', 'check')).toMatchObject({ code: 0, out: 'ok  shop: local\n' });
    expect((await loadFleet({ projectDir: folder, app: 'shop' })).release.migrate?.command).toEqual(proposed);
  },
);

it('init writes the migration of its option, also one that needs a shell', async () => {
  expect(await migrationAfter('--migrate', "bin/migrate --to 'now' && bin/seed")).toMatchObject({
    command: ['sh', '-c', "bin/migrate --to 'now' && bin/seed"],
  });
  const empty = await pipeline('init', 'other', '--env', 'local', '--migrate', ' ');
  expect(empty).toMatchObject({ code: 2, err: expect.stringContaining('--migrate " ": expected a command') });
});

it('a person may accept, change or decline a migration that was found', async () => {
  const answer = (text: string) =>
    gatherMigration(
      {
        given: () => undefined,
        acceptInitial: false,
        ask: async (_question, { initial, wrong }) => {
          expect(initial).toBe('npm run migrate');
          expect(wrong('')).toBeDefined();
          return text;
        },
      },
      proposed,
    );
  expect(await answer('npm run migrate')).toEqual({ command: proposed, accepted: true });
  expect(await answer('npx knex migrate:up')).toMatchObject({ command: ['npx', 'knex', 'migrate:up'], accepted: true });
  expect(await answer('-')).toEqual({ command: proposed, accepted: false });
});

it('init has no question about a migration where none was found', async () => {
  const ask = () => Promise.reject(new Error('asked'));
  expect(await gatherMigration({ given: () => undefined, ask, acceptInitial: false }, undefined)).toBeUndefined();
});
