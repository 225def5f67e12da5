import { execFileSync } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@golden-pipeline/shared/clock';
import type { PipelineError } from '@golden-pipeline/shared/errors';
import {
  type AddressBlock,
  claimAddressBlock,
  createBaseImage,
  SandboxDriver,
} from 'golden-pipeline-local-cloud/machines';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { archiveCommit } from '../../src/hosts/git/archive.ts';
import { resolveCommit } from '../../src/hosts/git/refs.ts';
import { createHosts } from '../../src/hosts/index.ts';
import type { Hosts, ReleaseAction, ReleaseVariables, TaskChange } from '../../src/hosts/types.ts';

const project = new URL('../../', import.meta.url).pathname;
const playbook = join(project, 'ansible/api.yml');
const clock = systemClock();
const host = { instanceId: 'i-0a1b2c3d4e5f60718', address: '' };
const spec = { ...host, imageId: 'ami-0ba5e000000000001', hostname: 'ip-test', publicKey: '' };
const port = 8080;

let folder: string;
let block: AddressBlock | undefined;
let driver: SandboxDriver;
let hosts: Hosts;
const commits: Record<string, string> = {};

/** Commits the sample app with `config` changed. */
async function commit(version: string, config: Record<string, unknown>): Promise<void> {
  const repository = join(folder, 'repository');
  const file = join(repository, 'config.json');
  const content = JSON.stringify({ ...JSON.parse(await readFile(file, 'utf8')), healthy: true, ...config });
  await writeFile(file, config.broken ? '{' : content);
  const git = (...argv: string[]) =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', ...argv], {
      cwd: repository,
      stdio: 'pipe',
    });
  git('add', '.');
  git('commit', '-q', '-m', version);
  commits[version] = await resolveCommit({ repository, ref: 'HEAD' });
  await archiveCommit({
    repository,
    path: '.',
    commit: commits[version] as string,
    file: join(folder, `${version}.tar`),
  });
}

async function play(
  action: ReleaseAction,
  version: string,
  extra: Partial<ReleaseVariables> = {},
  onChanges?: (changes: TaskChange[]) => void,
): Promise<string[]> {
  const tasks: string[] = [];
  const variables: ReleaseVariables = {
    release_action: action,
    release_app: 'api',
    release_version: version,
    release_commit: commits[version] as string,
    release_port: port,
    release_staging_port: 8081,
    release_health_path: '/health',
    release_keep: 2,
    ...(action === 'stage' ? { release_archive: join(folder, `${version}.tar`) } : {}),
    ...extra,
  };
  const started = Date.now();
  await hosts.play(host, playbook, variables, {
    timeoutMs: 120_000,
    onTask: ({ name }) => tasks.push(name),
    onChanges,
  });
  if (process.env.SHOW_TIMES) console.log(`${action} ${version}: ${Date.now() - started} ms, ${tasks.length} tasks`);
  return tasks;
}

const answer = async (path: string) =>
  (await (await fetch(`http://${host.address}:${port}${path}`)).json()) as Record<string, unknown>;
const sh = (script: string) => hosts.run(host, ['sh', '-c', script]);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gp-ansible-'));
  block = await claimAddressBlock();
  host.address = `127.${block.block}.20.7`;
  spec.address = host.address;
  const repository = join(folder, 'repository');
  await cp(join(project, 'examples/api'), repository, {
    recursive: true,
    filter: (path) => !path.includes('node_modules'),
  });
  execFileSync('git', ['init', '-q', repository]);
  await commit('v1', { headline: 'one' });
  await commit('v2', { headline: 'two' });
  await commit('v3', { headline: 'three', healthy: false });
  await commit('v4', { headline: 'four' });
  await commit('v5', { broken: true });
  const key = join(folder, 'key');
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
  const dir = join(folder, 'cloud');
  await createBaseImage(dir, spec.imageId);
  driver = new SandboxDriver({ dir, clock });
  spec.publicKey = await readFile(`${key}.pub`, 'utf8');
  await driver.create(spec);
  await driver.boot(spec);
  hosts = createHosts({
    ssh: {
      user: process.getuid?.() === 0 ? 'root' : (process.env.USER ?? 'root'),
      port: 2222,
      privateKey: key,
      hostKeys: 'console',
      become: false,
    },
    projectDir: project,
    runDir: join(folder, 'run'),
    consoleOutput: (id) => driver.consoleOutput(id),
    clock,
  });
  await hosts.waitReachable(host, 20_000);
});

afterAll(async () => {
  await hosts?.close();
  await driver?.close();
  await block?.close();
  await rm(folder, { recursive: true, force: true });
});

describe('the release role on a real machine', () => {
  it('stages the first version without making it current', async () => {
    const tasks = await play('stage', 'v1');
    expect(tasks).toContain('Install the dependencies');
    expect(await sh('ls /srv/api/releases; test -e /srv/api/current || echo none')).toBe('v1\nnone');
    expect(await sh('ls -d /run/api-staging 2>/dev/null || echo gone')).toBe('gone');
    expect(await sh('test -d /srv/api/releases/v1/node_modules/find-my-way && readlink /srv/api/releases/v1/log')).toBe(
      '/srv/api/shared/log',
    );
  });

  it('stages again at once when the environment is already there', async () => {
    expect(await play('stage', 'v1')).not.toContain('Install the dependencies');
  });

  it('activates v1', async () => {
    await play('activate', 'v1');
    expect(await answer('/version')).toMatchObject({ version: 'v1', commit: commits.v1 });
    expect(await sh('readlink /srv/api/current')).toBe('releases/v1');
    expect((await sh('cat /srv/api/shared/log/current')).includes('"serving"')).toBe(true);
  });

  it('stages v2 beside v1, which continues to serve', async () => {
    const { pid } = await answer('/version');
    await play('stage', 'v2');
    expect(await answer('/version')).toMatchObject({ version: 'v1', pid });
    expect(await sh('ls /srv/api/releases')).toBe('v1\nv2');
  });

  it('activates v2', async () => {
    await play('activate', 'v2');
    expect(await answer('/version')).toMatchObject({ version: 'v2', commit: commits.v2 });
    expect(await answer('/')).toMatchObject({ headline: 'two' });
    expect(await sh('readlink /srv/api/previous')).toBe('releases/v1');
  });

  const inPlace = async (...words: string[]) =>
    JSON.parse(await hosts.run(host, ['python3', '/srv/api/bin/environments.py', ...words])) as Record<string, unknown>;

  it('switches in place to an existing environment and back, answering every request meanwhile', async () => {
    expect(await inPlace('list')).toEqual({ serving: 'v2', environments: ['v2', 'v1'] });
    const seen = new Set<unknown>();
    const failures: unknown[] = [];
    let going = true;
    const clients = Array.from({ length: 8 }, async () => {
      while (going) {
        const { version } = await answer('/version').catch((error) => {
          failures.push(error);
          return { version: 'none' };
        });
        seen.add(version);
      }
    });
    expect(await inPlace('to', 'v1')).toMatchObject({ ok: true, version: 'v1', before: 'v2', changed: true });
    // A kept connection is answered once more by the one before, which then closes it.
    await expect.poll(async () => (await answer('/version')).version).toBe('v1');
    expect(await inPlace('to', 'v1')).toMatchObject({ ok: true, version: 'v1', changed: false });
    expect(await sh('readlink /srv/api/current')).toBe('releases/v1');
    expect(await inPlace('to', 'v2')).toMatchObject({ ok: true, version: 'v2', before: 'v1', changed: true });
    await expect.poll(async () => (await answer('/version')).version).toBe('v2');
    going = false;
    await Promise.all(clients);
    expect(failures).toEqual([]);
    expect([...seen].sort()).toEqual(['v1', 'v2']);
  });

  it('does not switch in place to an environment that is missing, broken, or cannot be checked', async () => {
    const { pid } = await answer('/version');
    expect(await inPlace('to', 'v9')).toMatchObject({
      ok: false,
      reason: expect.stringContaining('there are: v2, v1'),
    });
    const config = '/srv/api/releases/v1/config.json';
    await sh(`sed -i 's/"healthy": *true/"healthy":false/' ${config}`);
    await sh(
      `sed -i 's/"health_timeout": [0-9.]*/"health_timeout": 1/' /srv/api/service.json; sv force-restart /etc/service/api`,
    );
    await expect.poll(async () => (await answer('/version').catch(() => ({ version: '' }))).version).toBe('v2');
    expect(await inPlace('to', 'v1')).toMatchObject({
      ok: false,
      version: 'v2',
      reason: expect.stringContaining('config.json says healthy: false'),
    });
    await sh(`sed -i 's/"healthy":false/"healthy":true/' ${config}`);
    expect(await answer('/version')).toMatchObject({ version: 'v2' });
    expect((await answer('/version')).pid).not.toBe(pid);
    expect(await sh('readlink /srv/api/current')).toBe('releases/v2');
  });

  it('starts the service again when it exits by itself', async () => {
    const { pid } = await answer('/version');
    await sh(`kill -KILL $(cat /proc/*/status | awk '/^Name:.*node/{n=1} /^Pid:/{if(n)print $2; n=0}')`);
    await expect
      .poll(async () => (await answer('/version').catch(() => ({ pid }))).pid, { timeout: 10_000 })
      .not.toBe(pid);
    expect(await answer('/version')).toMatchObject({ version: 'v2' });
  });

  it("refuses an unhealthy version with the app's own log, and leaves nothing of it running", async () => {
    const failure = (await play('stage', 'v3', { release_health_timeout: 1 }).catch((error) => error)) as PipelineError;
    expect(failure.code).toBe('ansible.failed');
    expect(failure.message).toContain('in task "Wait until it is healthy: api v3 on port 8081"');
    expect(failure.message).toMatch(/status 503 .*config.json says healthy: false/);
    expect(failure.details.join('\n')).toContain('"msg":"serving"');
    expect(failure.details.length).toBeLessThanOrEqual(15);
    await expect(fetch(`http://${host.address}:8081/health`)).rejects.toThrow();
    expect(await answer('/version')).toMatchObject({ version: 'v2' });
    await play('unstage', 'v3');
    await play('unstage', 'v3');
    expect(await sh('ls /srv/api/releases')).toBe('v1\nv2');
  });

  it('fails at once when the app does not even start', async () => {
    const failure = (await play('stage', 'v5').catch((error) => error)) as PipelineError;
    expect(failure.message).toContain('it exited before it was healthy');
    expect(failure.details.join('\n')).toContain('config.json is not JSON');
    await play('unstage', 'v5');
    expect(await sh('ls /srv/api/releases')).toBe('v1\nv2');
  });

  it('stops the service of the image on a builder, and starts it again with the new version', async () => {
    const { pid } = await answer('/version');
    await play('stage', 'v1', { release_builder: true });
    await expect(answer('/version')).rejects.toThrow();
    expect(await sh('sv status /etc/service/api | cut -d: -f1')).toBe('down');
    await play('activate', 'v2', { release_builder: true });
    expect(await answer('/version')).toMatchObject({ version: 'v2' });
    expect((await answer('/version')).pid).not.toBe(pid);
  });

  it('never removes what serves', async () => {
    await play('unstage', 'v2');
    expect(await sh('ls /srv/api/releases')).toBe('v1\nv2');
  });

  it('reverts to v1', async () => {
    await play('revert', 'v2', { release_previous: 'v1' });
    expect(await answer('/version')).toMatchObject({ version: 'v1' });
    expect(await sh('ls /srv/api/releases')).toBe('v1');
    await play('revert', 'v2', { release_previous: 'v1' });
    expect(await answer('/version')).toMatchObject({ version: 'v1' });
  });

  it('keeps only the last environments', async () => {
    for (const version of ['v2', 'v4']) {
      await play('stage', version);
      await play('activate', version);
    }
    expect(await sh('ls /srv/api/releases')).toBe('v2\nv4');
  });

  it('cleans the host while the connection stays up', async () => {
    await sh(
      'mkdir -p /root/.aws && echo secret > /root/.aws/credentials && echo ls > /root/.bash_history && echo x > /var/log/messages',
    );
    await sh(
      'for file in /var/lib/tailscale/tailscaled.state /etc/acme/id /opt/acme/made /srv/api/shared/sessions/s /srv/api/shared/uploads/u; do mkdir -p $(dirname $file) && echo x > $file; done',
    );
    const wrong = (await play('stage', 'v5', { release_clean: ['/etc'] }).catch((error) => error)) as PipelineError;
    expect(`${wrong.message} ${wrong.details.join()}`).toContain(
      "release_clean: '/etc': that folder is not identity of one host",
    );
    const changes: TaskChange[] = [];
    const lists = { release_clean: ['/etc/acme/*'], release_clean_made_at_boot: ['/opt/acme/made'] };
    await play('clean', 'v4', lists, (made) => changes.push(...made));
    expect(changes.flatMap((change) => change.lost ?? [])).toEqual([
      'tailscale: /var/lib/tailscale/tailscaled.state',
      'release_clean: /etc/acme/id',
    ]);
    expect(await sh('find /var/lib/tailscale /etc/acme /opt/acme /srv/api/shared/sessions -type f')).toBe('');
    expect(await sh('cat /srv/api/shared/uploads/u')).toBe('x');
    const leftovers = await sh(
      'ls /var/lib/cloud /root/.aws /root/.bash_history /root/.ssh/authorized_keys /root/.ansible /etc/ssh/ssh_host_* 2>/dev/null; cat /etc/machine-id /var/log/messages',
    );
    expect(leftovers.replace('/var/lib/cloud:', '').trim()).toBe('');
    expect(await answer('/version')).toMatchObject({ version: 'v4' });
  });

  it('boots as a new machine from its image, serving on its own address', async () => {
    await driver.snapshot(host.instanceId, 'ami-0123456789abcdef0');
    const clone = {
      ...spec,
      instanceId: 'i-0clone',
      imageId: 'ami-0123456789abcdef0',
      address: host.address.replace(/7$/, '8'),
    };
    await driver.create(clone);
    await driver.boot(clone);
    await hosts.waitReachable(clone, 20_000);
    await expect
      .poll(async () => (await fetch(`http://${clone.address}:${port}/version`).catch(() => undefined))?.json(), {
        timeout: 10_000,
      })
      .toMatchObject({ version: 'v4' });
    expect(await hosts.run(clone, ['cat', '/var/lib/cloud/instance-id'])).toBe('i-0clone');
    await driver.shutdown(clone.instanceId, 5000);
  });

  it('removes the service when there was nothing before', async () => {
    await play('revert', 'v4');
    await expect(fetch(`http://${host.address}:${port}/health`)).rejects.toThrow();
    expect(await sh('ls /etc/service; ls /srv/api/current 2>/dev/null || echo none')).toBe('none');
    expect(await sh('ls /srv/api/releases')).toBe('v2');
  });
});
