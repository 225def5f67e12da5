import { execFile } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { until, withinAMinute } from '@golden-pipeline/shared/testing/until';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { goldenWorld } from './support/golden.ts';
import { processes } from './support/process-tree.ts';
import { Load, type World } from './support/world.ts';

const exec = promisify(execFile);

/**
 * A migration that takes some seconds and leaves a line in the shared folder of its host for each time that it is started, as nothing
 * else of a machine outlives its release.
 */
const script = `
import { appendFileSync } from 'node:fs';
const { PIPELINE_VERSION: version, PIPELINE_PREVIOUS: previous, NODE_ENV, MIGRATION_STEPS = '40', MIGRATION_EXIT = '0' } = process.env;
appendFileSync('/srv/api/shared/migrations', version + ' from ' + previous + ' in ' + NODE_ENV + ' at ' + process.cwd() + '\\n');
for (let step = 1; step <= Number(MIGRATION_STEPS); step++) {
  console.log('migration ' + step + ' of ' + MIGRATION_STEPS);
  await new Promise((done) => setTimeout(done, 1000));
}
if (MIGRATION_EXIT !== '0') console.error('column seats exists already');
process.exit(Number(MIGRATION_EXIT));
`;

let world: World;

beforeAll(async () => {
  world = await goldenWorld();
  await writeFile(path.join(world.project.dir, 'examples/api/migrate.js'), script);
  await exec('git', ['-C', world.project.dir, 'add', 'examples/api/migrate.js']);
  await world.configure(
    'pipelines/api.ts',
    'minimumAgeHours: 0,',
    `minimumAgeHours: 0, migrate: { command: ['node', 'migrate.js'], timeoutSeconds: 120 },
        hooks: [
          { at: 'after-verify', run: { command: ['node', '-e', 'console.log("no such channel"); process.exit(7)'] } },
          { at: 'on-failure', run: { command: ['node', '-p', '"told of " + process.env.PIPELINE_VERSION + ": " + process.env.PIPELINE_OUTCOME'] } },
        ],`,
  );
});
afterAll(() => world?.close());

/** What hosts' disks hold of a file, by machine or image. */
async function disks(file: string): Promise<string[]> {
  const cloud = path.join(world.dir, 'cloud');
  const machines = (await readdir(path.join(cloud, 'machines'))).map((id) => path.join(cloud, 'machines', id, 'root'));
  const read = machines.map((root) => readFile(path.join(root, file), 'utf8').catch(() => ''));
  return (await Promise.all(read)).filter(Boolean);
}

/** The migrations that run in the machines of this world. */
const running = () => processes().filter(({ command }) => command === 'node migrate.js');
/** Kills the shared SSH connection of this world's pipeline, which other calls find by the path of its socket. */
async function cutConnection(): Promise<void> {
  const key = path.join(world.project.dir, '.pipeline');
  const socket = await until(
    () =>
      processes()
        .filter(({ command }) => command.startsWith('ssh ') && command.includes(key))
        .map(({ command }) => /ControlPath="?([^\s"]+)/.exec(command)?.[1])
        .find(Boolean),
    Boolean,
    withinAMinute,
  );
  // The shared one has the path in its title or in its arguments, as do the calls that use it.
  const shared = processes().filter(({ command }) => /^ssh\b/.test(command) && command.includes(`${socket}`));
  expect(shared).not.toEqual([]);
  for (const { pid } of shared) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      // A call that has ended by itself meanwhile.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

it('a migration outlives the pipeline and its connections, and runs once on real machines', async () => {
  const load = new Load(world.url('api'));
  await load.warm();
  const first = world.start('release', 'api');
  await until(() => running().length > 0, Boolean, withinAMinute);
  first.kill('SIGKILL');
  await first;
  expect(running()).not.toEqual([]);
  const second = world.start('resume', 'api');
  let seen = '';
  second.stderr?.on('data', (part: Buffer) => {
    seen += part.toString();
  });
  await until(
    () => seen,
    (text) => /migration 10 of 40/.test(text),
    withinAMinute,
  );
  await cutConnection();
  const ended = await second;
  expect(ended.exitCode, `${ended.stdout}\n${ended.stderr}`).toBe(0);
  expect(seen).toContain('migration 40 of 40');
  expect(ended.stdout).toMatch(/warnings:\n {2}Run node -e .* failed: exit 7/);
  const total = await load.stop();
  expect(total.failures).toEqual({});
  const started = await disks('srv/api/shared/migrations');
  expect(new Set(started)).toEqual(new Set(['v2 from v1 in production at /srv/api/releases/v2\n']));
  // Neither its output nor its end is in an image.
  const cloud = path.join(world.dir, 'cloud');
  const { stdout } = await exec('grep', ['-rlF', '-e', 'migration 40 of 40', path.join(cloud, 'images')]).catch(
    (error: { stdout: string }) => error,
  );
  expect(stdout).toBe('');
  expect(await disks('srv/api/releases/v2/.release-migration')).toEqual([]);
  expect(await disks('srv/api/releases/v2/.release-migrate.py')).not.toEqual([]);
});

it('a migration that fails is reported with its last lines, and the version before serves on', async () => {
  await world.configure(
    'examples/api/migrate.js',
    "STEPS = '40', MIGRATION_EXIT = '0'",
    "STEPS = '2', MIGRATION_EXIT = '3'",
  );
  const ended = await world.pipeline('release', 'api');
  expect(ended.exitCode, `${ended.stdout}\n${ended.stderr}`).toBe(3);
  expect(ended.stderr).toMatch(/the migration of v3 failed on i-\w+ after \d+ s: exit 3/);
  expect(ended.stderr).toContain('column seats exists already');
  expect(ended.stderr).toContain('what the migration has changed in the database is not undone');
  expect(ended.stderr).toContain('told of v3: rolled-back');
  expect((await world.json<{ version: string }>('status', 'api')).version).toBe('v2');
});
