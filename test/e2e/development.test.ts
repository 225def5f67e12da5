import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { appendFile, cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Machine, Machines, type Recap } from './support/machines.ts';

const project = new URL('../../', import.meta.url).pathname;
const checkout = '/home/dev/team';
const settings = { development_checkout: checkout, development_repository: '/srv/git/team' };

let machines: Machines;
let machine: Machine;

/** The team's repository, on the machine: what is cloned is what is committed. */
async function repository(): Promise<void> {
  const folder = join(machine.root, 'srv/git/team');
  for (const app of ['api', 'frontend']) {
    const to = join(folder, 'examples', app);
    await mkdir(to, { recursive: true });
    await cp(join(project, 'examples', app), to, { recursive: true, filter: (path) => !path.includes('node_modules') });
  }
  const git = (...argv: string[]) =>
    execFileSync('git', ['-C', folder, '-c', 'user.name=t', '-c', 'user.email=t@example.org', ...argv]);
  git('init', '-q');
  git('add', '.');
  git('commit', '-q', '-m', 'First');
  await mkdir(join(machine.root, 'home/dev'), { recursive: true });
}

const play = (variables: object = {}, ...extra: string[]): Promise<Recap> =>
  machines.play(machine, 'development.yml', { ...settings, ...variables }, ...extra);
const json = async (port: number, path: string) =>
  (await (await fetch(`http://${machine.address}:${port}${path}`)).json()) as Record<string, unknown>;

beforeAll(async () => {
  machines = await Machines.create();
  machine = await machines.boot(7);
  await repository();
});
afterAll(() => machines?.close());

it('development setup with --check on a fresh computer reports the changes, and makes none', async () => {
  const recap = await play({}, '--check');
  expect(recap, recap.output).toMatchObject({ failed: 0, unreachable: 0 });
  expect(recap.changed).toBeGreaterThan(5);
  expect(existsSync(join(machine.root, checkout))).toBe(false);
  expect(existsSync(join(machine.root, 'srv/api'))).toBe(false);
  expect(existsSync(join(machine.root, 'etc/sv/api'))).toBe(false);
});

it('development setup prepares the machine, and both apps are served from the working copy', async () => {
  const recap = await play();
  expect(recap, recap.output).toMatchObject({ failed: 0, unreachable: 0 });
  expect(await json(3000, '/version')).toMatchObject({ app: 'api', version: 'dev' });
  expect(await json(3200, '/version')).toMatchObject({ app: 'frontend', version: 'dev' });
  expect(existsSync(join(machine.root, checkout, 'examples/api/node_modules/find-my-way'))).toBe(true);
  expect(existsSync(join(machine.root, 'srv/api/releases'))).toBe(false);
  expect(await readFile(join(machine.root, 'etc/sv/api/run'), 'utf8')).toContain('export NODE_ENV=development');
});

it("a second development setup changes nothing, also not the developer's files, and the services keep running", async () => {
  const file = join(machine.root, checkout, 'examples/api/config.json');
  await writeFile(file, JSON.stringify({ healthy: true, headline: 'mine', events: [] }));
  const { pid } = await json(3000, '/version');
  const recap = await play();
  expect(await readFile(file, 'utf8')).toContain('mine');
  expect(recap, recap.output).toMatchObject({ changed: 0, failed: 0, unreachable: 0 });
  expect((await json(3000, '/version')).pid).toBe(pid);
});

it('development setup with --check reports a machine that is set up', async () => {
  const recap = await play({}, '--check');
  expect(recap, recap.output).toMatchObject({ changed: 0, failed: 0, unreachable: 0 });
});

it('a changed lock file or missing packages cause a new installation and a restart of the service', async () => {
  const { pid } = await json(3000, '/version');
  await rm(join(machine.root, checkout, 'examples/frontend/.venv'), { recursive: true });
  await appendFile(join(machine.root, checkout, 'examples/api/package-lock.json'), '\n');
  const foreseen = await play({}, '--check');
  expect(foreseen.changed, foreseen.output).toBeGreaterThan(0);
  expect((await json(3000, '/version')).pid).toBe(pid);
  const recap = await play();
  expect(recap, recap.output).toMatchObject({ failed: 0 });
  expect(recap.output).toMatch(/TASK \[release : Install the dependencies of api\] \*+\nchanged/);
  expect(existsSync(join(machine.root, checkout, 'examples/frontend/.venv/bin/python'))).toBe(true);
  expect((await json(3000, '/version')).pid).not.toBe(pid);
});

it('development setup names an unknown app and a missing working copy', async () => {
  const unknown = await play({ development_apps: ['shop'] });
  expect(unknown).toMatchObject({ failed: 1, changed: 0 });
  expect(unknown.output).toContain("development_apps is ['shop']; known: api, frontend, heracles");
  const missing = await play({ development_repository: '', development_checkout: '/home/dev/other' });
  expect(missing).toMatchObject({ failed: 1, changed: 0 });
  expect(missing.output).toContain('/home/dev/other/examples/api is not there: give development_checkout');
});

it('a service gets the values of its .env, and the secrets that it lacks are named', async () => {
  const development_settings = {
    api: {
      folder: 'examples/api',
      port: 3000,
      install: ['npm', 'ci', '--prefer-offline', '--no-audit', '--no-fund', '--no-progress'],
      makes: 'node_modules',
      environment: { NODE_ENV: 'development' },
      secrets: ['STRIPE_KEY', 'DB_PASSWORD'],
    },
  };
  const variables = { development_apps: ['api'], development_settings };
  const file = join(machine.root, checkout, 'examples/api/.env');
  const absent = await play(variables);
  expect(absent.output).toContain('.env is not there, and STRIPE_KEY, DB_PASSWORD must be in it');
  await writeFile(file, "# of mine\nexport STRIPE_KEY='sk_test of mine'\nDB_PASSWORD=\n");
  const lacking = await play(variables);
  expect(lacking.failed).toBe(1);
  expect(lacking.output).toContain('.env lacks DB_PASSWORD');
  await appendFile(file, 'DB_PASSWORD=x\n');
  const recap = await play(variables);
  expect(recap, recap.output).toMatchObject({ failed: 0, unreachable: 0 });
  const run = await readFile(join(machine.root, 'etc/sv/api/run'), 'utf8');
  expect(run).toContain("export STRIPE_KEY='sk_test of mine'");
  expect(run).toContain('export NODE_ENV=development');
  expect(recap.output).not.toContain('sk_test of mine');
});
