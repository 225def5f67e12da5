import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Machine, Machines, type Recap } from './support/machines.ts';
import { type Queues, redisThere as redis, startQueues } from './support/queues.ts';

const project = new URL('../../', import.meta.url).pathname;
const commit = 'abcdef0123456789abcdef0123456789abcdef01';
const apps = ['api', 'frontend', 'heracles'] as const;

let machines: Machines;
let machine: Machine;
let queues: Queues | undefined;

beforeAll(async () => {
  machines = await Machines.create();
  machine = await machines.boot(9);
  for (const app of apps) {
    const copy = join(machines.folder, app);
    await cp(join(project, 'examples', app), copy, { recursive: true, filter: (path) => !/node_modules/.test(path) });
    execFileSync('tar', ['-cf', `${copy}.tar`, '-C', copy, '.']);
  }
  if (redis) queues = await startQueues();
});
afterAll(async () => {
  await queues?.close();
  await machines?.close();
});

/** Changed counts by Ansible's own recap; a failed play fails the test with its output. */
async function changed(play: Promise<Recap>): Promise<number> {
  const recap = await play;
  expect(recap, recap.output).toMatchObject({ failed: 0, unreachable: 0 });
  return recap.changed;
}

describe.each(apps)('the roles of %s in a bake', (app) => {
  const port = 3000 + 100 * apps.indexOf(app);
  const play = (action: string, ...extra: string[]) =>
    changed(
      machines.play(
        machine,
        `${app}.yml`,
        {
          release_action: action,
          release_app: app,
          release_version: 'v1',
          release_commit: commit,
          release_port: port,
          release_staging_port: port + 1,
          release_health_path: '/health',
          release_keep: 2,
          release_archive: join(machines.folder, `${app}.tar`),
          heracles_redis_url: queues?.url ?? '',
        },
        ...extra,
      ),
    );
  const exists = (path: string) => existsSync(join(machine.root, path));
  const runs = app !== 'heracles' || redis;

  it.skipIf(!runs)(
    `change nothing the second time, and --check changes nothing${runs ? '' : ' (needs Redis)'}`,
    async () => {
      expect(await play('stage', '--check')).toBeGreaterThan(0);
      expect(exists(`srv/${app}`)).toBe(false);
      expect(await play('stage')).toBeGreaterThan(0);
      expect(await play('stage')).toBe(0);
      expect(await play('stage', '--check')).toBe(0);

      expect(await play('activate', '--check')).toBeGreaterThan(0);
      expect(exists(`srv/${app}/current`)).toBe(false);
      expect(exists(`etc/sv/${app}`)).toBe(false);
      expect(await play('activate')).toBeGreaterThan(0);
      expect(await play('activate')).toBe(0);
      expect(await play('activate', '--check')).toBe(0);
      expect(await (await fetch(`http://${machine.address}:${port}/version`)).json()).toMatchObject({ version: 'v1' });

      await play('revert', '--check');
      expect(exists(`srv/${app}/current/release.json`) || exists(`srv/${app}/releases/v1/release.json`)).toBe(true);
      expect(await play('revert')).toBeGreaterThan(0);
      expect(await play('revert')).toBe(0);
      expect(exists(`etc/sv/${app}`)).toBe(false);
      expect(await play('unstage')).toBe(0);
    },
  );
});

it('the base roles change nothing the second time', async () => {
  const base = { base_name: 'golden-base-1', base_source: 'ami-1' };
  expect(await changed(machines.play(machine, 'base.yml', base, '--check'))).toBeGreaterThan(0);
  expect(exists('etc/golden-base.json')).toBe(false);
  expect(await changed(machines.play(machine, 'base.yml', base))).toBeGreaterThan(0);
  expect(await changed(machines.play(machine, 'base.yml', base))).toBe(0);
  expect(await changed(machines.play(machine, 'base.yml', base, '--check'))).toBe(0);
});

const exists = (path: string) => existsSync(join(machine.root, path));
