import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, copyFile, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Machine, Machines } from './support/machines.ts';

const project = new URL('../../', import.meta.url).pathname;
const commits = { v1: 'a'.repeat(40), v2: 'b'.repeat(40) };
const apps = ['api', 'frontend'] as const;

let machines: Machines;
let machine: Machine;

beforeAll(async () => {
  machines = await Machines.create();
  machine = await machines.boot(41);
  const path = (name: string) => join(machine.root, name);
  for (const folder of ['srv/bin', 'etc/systemd/system', 'etc/logrotate.d'])
    await mkdir(path(folder), { recursive: true });
  await copyFile(new URL('support/systemctl.py', import.meta.url), path('srv/bin/systemctl'));
  await chmod(path('srv/bin/systemctl'), 0o755);
  for (const app of apps) {
    const copy = join(machines.folder, app);
    await cp(join(project, 'examples', app), copy, { recursive: true, filter: (file) => !/node_modules/.test(file) });
    execFileSync('tar', ['-cf', `${copy}.tar`, '-C', copy, '.']);
    await writeFile(
      join(machines.folder, `${app}.yml`),
      `- hosts: all
  gather_facts: false
  environment: {PATH: '/srv/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'}
  vars: {ansible_service_mgr: systemd}
  pre_tasks: [{name: Make the folder of run-time units, ansible.builtin.file: {path: /run/systemd/system, state: directory}, changed_when: false}]
  roles: [tkt-${app}]
`,
    );
  }
});
afterAll(() => machines?.close());

/** The roles as a host with systemd gets them; the programs of systemd itself are a stand-in that starts what units say. */
describe.each(apps)('the roles of %s on a host with systemd', (app) => {
  const port = 3400 + 10 * apps.indexOf(app);
  const play = async (action: string, version: keyof typeof commits, ...extra: string[]) => {
    const variables = {
      release_action: action,
      release_app: app,
      release_version: version,
      release_commit: commits[version],
      release_previous: action === 'revert' && version === 'v2' ? 'v1' : '',
      release_port: port,
      release_staging_port: port + 1,
      release_health_path: '/health',
      release_keep: 2,
      release_archive: join(machines.folder, `${app}.tar`),
      // Another user needs root on this computer.
      ...(machines.user === 'root' ? {} : { release_service_user: '' }),
    };
    const recap = await machines.play(machine, join(machines.folder, `${app}.yml`), variables, ...extra);
    expect(recap, recap.output).toMatchObject({ failed: 0, unreachable: 0 });
    return recap.changed;
  };
  const answer = async () =>
    (await (await fetch(`http://${machine.address}:${port}/version`)).json()) as Record<string, unknown>;
  const unit = join('etc/systemd/system', `${app}.service`);
  const exists = (path: string) => existsSync(join(machine.root, path));

  it('are checked before anything is there', async () => {
    expect(await play('stage', 'v1', '--check')).toBeGreaterThan(0);
    expect(await play('activate', 'v1', '--check')).toBeGreaterThan(0);
    expect(exists(`srv/${app}`) || exists(unit)).toBe(false);
  });

  it('serve, and change nothing the second time', async () => {
    await play('stage', 'v1');
    expect(await play('stage', 'v1')).toBe(0);
    await play('activate', 'v1');
    expect(await answer()).toMatchObject({ app, version: 'v1', commit: commits.v1 });
    expect(await readFile(join(machine.root, unit), 'utf8')).toContain('WantedBy=multi-user.target');
    expect(await play('activate', 'v1')).toBe(0);
    expect(await play('activate', 'v1', '--check')).toBe(0);
  });

  it('stop what the image serves on a builder, and start it again', async () => {
    await play('stage', 'v1', '--extra-vars', 'release_builder=true');
    await expect(answer()).rejects.toThrow();
    await play('activate', 'v1');
    await expect.poll(answer).toMatchObject({ version: 'v1' });
  });

  it('switch to the next version and back, and leave nothing when there was nothing', async () => {
    await play('stage', 'v2');
    expect(await answer()).toMatchObject({ version: 'v1' });
    await play('activate', 'v2');
    await expect.poll(answer).toMatchObject({ version: 'v2', commit: commits.v2 });
    await play('revert', 'v2');
    await expect.poll(answer).toMatchObject({ version: 'v1' });
    await play('revert', 'v1');
    await expect(answer()).rejects.toThrow();
    expect(exists(unit)).toBe(false);
    expect(await play('revert', 'v1')).toBe(0);
  });
});
