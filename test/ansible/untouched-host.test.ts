import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { systemClock } from '@golden-pipeline/shared/clock';
import { PipelineError } from '@golden-pipeline/shared/errors';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Fleet } from '../../src/config/settings.ts';
import { createAnsible } from '../../src/hosts/ansible.ts';
import type { Hosts } from '../../src/hosts/types.ts';
import { playRelease } from '../../src/plays/play.ts';
import { journaledContext } from '../fleet/support/journaled-context.ts';

const ansible = new URL('../../ansible/', import.meta.url).pathname;
const execute = promisify(execFile);
const commit = 'abcdef0123'.repeat(4);
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gp-untouched-'));
  await mkdir(join(folder, 'run'));
  await writeFile(join(folder, 'ansible.cfg'), `[defaults]\nroles_path = ${ansible}roles\nlocal_tmp = ${folder}/tmp\n`);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Stages v2 on this computer with Ansible itself, by a playbook of this text and below a folder of its own. */
async function stage(text: string) {
  const root = await mkdtemp(join(folder, 'host-'));
  const playbook = join(root, 'api.yml');
  await writeFile(playbook, text);
  const ssh = { user: 'admin', port: 22, privateKey: '/none', hostKeys: 'console', become: false } as Fleet['ssh'];
  const hosts = {
    play: createAnsible({
      ssh,
      projectDir: folder,
      runDir: join(folder, 'run'),
      clock: systemClock(),
      sshOptions: () => [],
    }),
    run: async (_host, [program = '', ...argv]) =>
      execute(program, argv).then(
        ({ stdout }) => stdout,
        ({ stderr }: { stderr: string }) => {
          throw new PipelineError('ssh.failed', program, { details: stderr.split('\n') });
        },
      ),
  } as Hosts;
  const local = { ansible_connection: 'local', ansible_remote_tmp: folder, ansible_service_mgr: 'runit' };
  const fleet = {
    app: 'api',
    ssh,
    ansible: { playbook, variables: { ...local, release_root: root } },
    secrets: {},
    notify: { targets: [], mute: false },
    service: { port: 8080, stagingPort: 8081, healthPath: '/health' },
    release: { clean: {}, keepOnHost: 3, timeouts: { ansible: 60, health: 60 }, inPlace: { timeoutSeconds: 60 } },
  } as unknown as Fleet;
  const archive = join(root, 'api.tar');
  await execute('tar', ['-cf', archive, '-C', folder, 'ansible.cfg']);
  const host = { instanceId: 'i-0abc', address: '127.0.0.1' };
  const { context } = journaledContext(
    { host, version: 'v2', commit, current: { templateId: 'lt-1', templateVersion: '1' } },
    { fleet, hosts },
    [],
  );
  return playRelease(context, 'stage', archive);
}

it('a playbook that writes the release is recorded as done', async () => {
  const writes = `- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.file: {path: '{{ release_root }}/releases/{{ release_version }}', state: directory, mode: '0755'}
    - ansible.builtin.copy:
        content: "{{ {'app': release_app, 'version': release_version, 'commit': release_commit} | to_json }}"
        dest: "{{ release_root }}/releases/{{ release_version }}/release.json"
        mode: '0644'
`;
  await expect(stage(writes)).resolves.toBeUndefined();
});

it.each([
  ['for a group that does not exist', 'hosts: webservers', 'no play matches the host, or tags leave no task'],
  ['for the local computer', 'hosts: localhost', 'it ran on localhost'],
  ['whose tasks are all skipped', 'hosts: all', 'all 1 were skipped'],
])('a playbook %s runs no task on the host', async (_what, hosts, why) => {
  const tasks = `[{ansible.builtin.command: 'true', when: inventory_hostname == 'localhost'}]`;
  await expect(stage(`- ${hosts}\n  gather_facts: false\n  tasks: ${tasks}\n`)).rejects.toMatchObject({
    code: 'ansible.no-hosts',
    message: `api.yml ran no task on i-0abc (127.0.0.1), expected it to build the release there: ${why}`,
  });
});

it.each([
  ['whose role is skipped by a condition', '', '{role: release, when: false}'],
  ['in check mode', '  check_mode: true\n', 'release'],
])('a playbook %s has not staged the release', async (_what, mode, role) => {
  const text = `- hosts: all
  gather_facts: false
${mode}  pre_tasks:
    - ansible.builtin.setup: {gather_subset: ['!all', '!min', service_mgr]}
  roles: [${role}]
`;
  await expect(stage(text)).rejects.toMatchObject({
    code: 'ansible.not-applied',
    message: expect.stringMatching(
      /^api.yml finished without an error, but did not stage v2 on i-0abc: .* found nothing \(cat: .*No such file/,
    ),
  });
});
