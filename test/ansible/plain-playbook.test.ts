import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { systemClock } from '@golden-pipeline/shared/clock';
import { PipelineError } from '@golden-pipeline/shared/errors';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Fleet } from '../../src/config/settings.ts';
import { createAnsible } from '../../src/hosts/ansible.ts';
import { createInspect } from '../../src/hosts/inspect-playbook.ts';
import type { PlaySettings } from '../../src/hosts/play-setup.ts';
import type { Hosts } from '../../src/hosts/types.ts';
import { assertRecord, recordRelease, runPlaybook, unpackSource, waitServes } from '../../src/plays/plain-playbook.ts';
import { journaledContext } from '../fleet/support/journaled-context.ts';

const exec = promisify(execFile);
const commit = 'abcdef0123'.repeat(4);
const host = { instanceId: 'i-0abc', address: '127.0.0.1' };

let folder: string;
/** The host's `/srv/shop`, and what its service serves. */
let root: string;
let site: string;
let archive: string;
let service: Server;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'gp-plain-'));
  root = path.join(folder, 'srv');
  site = path.join(folder, 'site');
  const source = path.join(folder, 'repository');
  for (const one of ['run', 'repository', 'site', 'srv']) await mkdir(path.join(folder, one));
  await writeFile(path.join(source, 'index.html'), '<h1>Shop</h1>');
  await writeFile(path.join(site, 'version'), 'v1');
  archive = path.join(folder, 'shop.tar');
  await exec('tar', ['-cf', archive, '-C', source, 'index.html']);
  service = createServer(async ({ url = '' }, response) => {
    const file = path.join(site, url === '/health' ? 'version' : url);
    response.end(await readFile(file, 'utf8').catch(() => response.writeHead(404) && 'nothing'));
  });
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  service?.close();
  await rm(folder, { recursive: true, force: true });
});

const ssh = { user: 'admin', port: 22, privateKey: '/none', hostKeys: 'console', become: false } as Fleet['ssh'];

function hostsWith(ansible: Partial<PlaySettings>): Hosts {
  const settings = {
    ssh,
    ansible: { kind: 'plain' as const, groups: [], ...ansible },
    projectDir: folder,
    runDir: path.join(folder, 'run'),
    clock: systemClock(),
  };
  return {
    play: createAnsible({ ...settings, sshOptions: () => [] }),
    inspect: createInspect(settings),
    run: async (_host, [program = '', ...argv]) =>
      exec(program, argv).then(
        ({ stdout }) => stdout,
        ({ stderr }: { stderr: string }) => {
          throw new PipelineError('ssh.failed', program, { details: stderr.split('\n') });
        },
      ),
  } as Hosts;
}

let count = 0;

/** A release of v2 by a playbook of this text, on this computer. */
async function release(text: string, ansible: Partial<PlaySettings> = {}, settings: { health?: number } = {}) {
  const playbook = path.join(folder, `site-${++count}.yml`);
  await writeFile(playbook, text);
  const local = { ansible_connection: 'local', ansible_remote_tmp: folder, release_root: root, site };
  const { port } = service.address() as AddressInfo;
  const fleet = {
    app: 'shop',
    ssh,
    ansible: { playbook, kind: 'plain', groups: [], variables: local, ...ansible },
    service: { port, stagingPort: 1, healthPath: '/health' },
    release: {
      pollSeconds: 0.05,
      timeouts: { ansible: 60, health: settings.health ?? 5 },
      smokeTests: [{ path: '/version', status: 200, contains: '{version}' }],
    },
  } as unknown as Fleet;
  const { context } = journaledContext(
    {
      host,
      version: 'v2',
      commit,
      url: 'http://shop.example.org:8080',
      current: { templateId: 'lt-1', templateVersion: '1' },
    },
    { fleet, hosts: hostsWith(ansible) },
    [],
  );
  return {
    context,
    fleet,
    async run() {
      await unpackSource(context, host, archive);
      await runPlaybook(context, host);
      await waitServes(context, host);
      await recordRelease(context, host);
      await assertRecord(context, host);
    },
    play: () => runPlaybook(context, host),
  };
}

/** As people publish them: facts, a group, files copied in place. */
const webservers = `- name: Web servers
  hosts: webservers
  tasks:
    - name: Copy the site
      ansible.builtin.copy: {src: "{{ release_source }}/", dest: "{{ site }}/", remote_src: true, mode: preserve}
    - name: Say which release it is
      ansible.builtin.copy: {content: "{{ release_version }} {{ release_commit }} {{ ansible_system }}", dest: "{{ site }}/version", mode: '0644'}
`;

it('a playbook written in the usual style runs completely, is confirmed as serving, and is recorded', async () => {
  await mkdir(path.join(root, 'source/old'), { recursive: true });
  const { run } = await release(webservers, { groups: ['webservers', 'web-2'] });
  await run();
  expect(await readFile(path.join(site, 'version'), 'utf8')).toBe(`v2 ${commit} Linux`);
  expect(await readFile(path.join(site, 'index.html'), 'utf8')).toBe('<h1>Shop</h1>');
  expect(await readdir(path.join(root, 'source'))).toEqual(['index.html']);
  const record = path.join(root, 'plain-release.json');
  expect(JSON.parse(await readFile(record, 'utf8'))).toEqual({ app: 'shop', version: 'v2', commit, run: 'run-1' });
  expect((await stat(record)).mode & 0o777).toBe(0o644);
}, 60_000);

describe('a playbook without effect', () => {
  it('for a group that does not contain the host runs no task there, and the message says where groups are configured', async () => {
    const { run } = await release(webservers);
    await expect(run()).rejects.toMatchObject({
      code: 'ansible.no-hosts',
      fix: expect.stringContaining('ansible.groups'),
    });
    // What the release before has left says nothing about this one.
    expect(existsSync(path.join(root, 'plain-release.json'))).toBe(false);
  }, 60_000);

  it('is not applied while the service shows another release', async () => {
    await writeFile(path.join(site, 'version'), 'v1');
    const { context } = await release('', {}, { health: 1 });
    await expect(waitServes(context, host)).rejects.toMatchObject({
      code: 'ansible.not-applied',
      message: expect.stringMatching(
        /site-\d+\.yml finished .* does not show v2: \/version on port \d+ answers without "v2": v1$/,
      ),
    });
  }, 60_000);

  it('is not healthy when nothing answers, and the last answer is reported', async () => {
    const { context, fleet } = await release('', {}, { health: 1 });
    fleet.service.port = 1;
    await expect(waitServes(context, host)).rejects.toMatchObject({
      code: 'host.unhealthy',
      message: expect.stringContaining('/health on port 1: Connection refused'),
    });
  }, 60_000);

  it('cannot become an image without the record of its own run', async () => {
    const { context } = await release('');
    await writeFile(
      path.join(root, 'plain-release.json'),
      JSON.stringify({ app: 'shop', version: 'v2', commit, run: 'run-0' }),
    );
    await expect(assertRecord(context, host)).rejects.toMatchObject({ code: 'ansible.not-applied' });
  });
});

describe('roles and collections of ansible.requirements', () => {
  const uses = `- hosts: all
  gather_facts: false
  roles: [greeting, own]
  tasks:
    - {team.tools.version: null}
`;

  /** A role in a git repository, a collection in a folder, and a role of the project itself. */
  async function write(file: string): Promise<string> {
    const role = path.join(folder, 'greeting');
    await mkdir(path.join(role, 'tasks'), { recursive: true });
    await mkdir(path.join(role, 'meta'), { recursive: true });
    await writeFile(
      path.join(role, 'meta/main.yml'),
      'galaxy_info: {author: a, description: d, license: MIT, min_ansible_version: "2.9"}\ndependencies: []\n',
    );
    await writeFile(
      path.join(role, 'tasks/main.yml'),
      '- ansible.builtin.copy: {content: hello, dest: "{{ site }}/greeting", mode: "0644"}\n',
    );
    const git = (...argv: string[]) =>
      exec('git', ['-C', role, '-c', 'user.name=t', '-c', 'user.email=t@example.org', ...argv]);
    await git('init', '--quiet', '--initial-branch=main');
    await git('add', '.');
    await git('commit', '--quiet', '-m', 'A role');
    const collection = path.join(folder, 'tools');
    await mkdir(path.join(collection, 'plugins/action'), { recursive: true });
    await mkdir(path.join(collection, 'plugins/modules'), { recursive: true });
    await writeFile(
      path.join(collection, 'galaxy.yml'),
      'namespace: team\nname: tools\nversion: 1.0.0\nreadme: README.md\nauthors: [a]\n',
    );
    await writeFile(path.join(collection, 'README.md'), '# tools\n');
    await writeFile(path.join(collection, 'plugins/modules/version.py'), '');
    await writeFile(
      path.join(collection, 'plugins/action/version.py'),
      `from ansible.plugins.action import ActionBase\nclass ActionModule(ActionBase):\n    def run(self, tmp=None, task_vars=None):\n        open(task_vars['site'] + '/version', 'w').write(task_vars['release_version'])\n        return {'changed': True}\n`,
    );
    await mkdir(path.join(folder, 'own-roles/own/tasks'), { recursive: true });
    await writeFile(path.join(folder, 'own-roles/own/tasks/main.yml'), '- {ansible.builtin.ping: {}}\n');
    await writeFile(path.join(folder, 'ansible.cfg'), '[defaults]\nroles_path = own-roles\n');
    const requirements = path.join(folder, file);
    await writeFile(
      requirements,
      `roles:\n  - {src: "file://${role}", scm: git, name: greeting, version: main}\ncollections:\n  - {name: "${collection}", type: dir}\n`,
    );
    return requirements;
  }

  it('are installed once for their content, and found beside those of the project', async () => {
    const requirements = await write('requirements.yml');
    const { run, context } = await release(uses, { requirements });
    const { fleet, hosts } = context.services;
    const inspect = await hosts.inspect(fleet.ansible.playbook, {
      release_app: 'shop',
      release_version: 'v2',
      release_commit: commit,
      release_source: '/srv/shop/source',
      release_port: 1,
      release_health_path: '/health',
      site,
    });
    expect(inspect.plays[0]?.tasks.map((task) => task.role ?? task.module)).toEqual([
      'greeting',
      'own',
      'team.tools.version',
    ]);
    const cache = path.join(folder, '.pipeline/galaxy');
    const made = await readdir(cache);
    expect(made).toHaveLength(1);
    const { mtimeMs } = await stat(path.join(cache, made[0] ?? ''));
    await run();
    expect(await readFile(path.join(site, 'greeting'), 'utf8')).toBe('hello');
    expect(await readdir(cache)).toEqual(made);
    expect((await stat(path.join(cache, made[0] ?? ''))).mtimeMs).toBe(mtimeMs);
  }, 90_000);

  it('that are not available stop the plan with the message of ansible-galaxy, and leave no files', async () => {
    const requirements = path.join(folder, 'gone.yml');
    await writeFile(requirements, `roles:\n  - {src: "file://${folder}/gone", scm: git, name: gone}\n`);
    const before = await readdir(path.join(folder, '.pipeline/galaxy')).catch(() => []);
    const { play } = await release(uses, { requirements });
    await expect(play()).rejects.toMatchObject({
      code: 'ansible.requirements',
      message: expect.stringMatching(
        /the roles and collections of .*gone\.yml could not be installed: gone was NOT installed successfully: .*does not appear to be a git repository/,
      ),
      fix: expect.stringContaining('ansible-galaxy install -r'),
    });
    expect(await readdir(path.join(folder, '.pipeline/galaxy')).catch(() => [])).toEqual(before);
  }, 60_000);

  it('from a missing file are a configuration error', async () => {
    const { play } = await release(uses, { requirements: path.join(folder, 'none.yml') });
    await expect(play()).rejects.toMatchObject({ code: 'ansible.no-requirements', outcome: 'usage' });
  }, 60_000);
});

describe('ansible.vaultPasswordFile', () => {
  it('decrypts variables of a group, and its contents appear in no argument and no variable', async () => {
    const password = path.join(folder, 'vault-password');
    await writeFile(password, 'opensesame-1234\n', { mode: 0o600 });
    await mkdir(path.join(folder, 'group_vars'), { recursive: true });
    const plain = path.join(folder, 'group_vars/webservers.yml');
    await writeFile(plain, 'greeting: from-the-vault\n');
    await exec('ansible-vault', ['encrypt', '--vault-password-file', password, plain]);
    const text = webservers.replace('ansible_system }}', 'ansible_system }} {{ greeting }}');
    const { run } = await release(text, { groups: ['webservers'], vaultPasswordFile: password });
    await run();
    expect(await readFile(path.join(site, 'version'), 'utf8')).toContain('from-the-vault');
    await expect(exec('grep', ['-r', 'opensesame', root, site, path.join(folder, 'run')])).rejects.toMatchObject({
      code: 1,
    });
  }, 60_000);

  it('that everybody can read is refused with the fix', async () => {
    const password = path.join(folder, 'open-password');
    await writeFile(password, 'opensesame\n');
    await chmod(password, 0o644);
    const { play } = await release(webservers, { vaultPasswordFile: password });
    await expect(play()).rejects.toMatchObject({
      code: 'ansible.vault-password',
      outcome: 'usage',
      message: expect.stringContaining('can be read by everybody (mode 0644)'),
      fix: `chmod 600 ${password}`,
    });
  }, 60_000);
});
