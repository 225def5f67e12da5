import { mkdir, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import { expect, it } from 'vitest';
import { exec, SandboxFixture, serverScript, serviceRun } from './support/sandbox-fixture.ts';

const playbook = `
- hosts: all
  tasks:
    - copy: { src: server.js, dest: /srv/server.js, mode: "0644" }
    - template: { src: note.j2, dest: /srv/note }
    - file: { path: /etc/sv/web, state: directory }
    - copy: { src: run, dest: /etc/sv/web/run, mode: "0755" }
    - file: { src: /etc/sv/web, dest: /etc/service/web, state: link }
    - wait_for: { path: /etc/service/web/supervise/ok, sleep: 1 }
    - group: { name: app }
    - user: { name: app, group: app, create_home: false }
    - command: tar -czf /srv/bundle.tgz -C /srv server.js
    - file: { path: /srv/unpacked, state: directory }
    - unarchive: { src: /srv/bundle.tgz, dest: /srv/unpacked, remote_src: true, creates: /srv/unpacked/server.js }
    - command: sv -w 10 restart web
    - uri: { url: "http://{{ ansible_host }}:8080/", return_content: true }
      register: answer
      retries: 20
      delay: 0.2
      until: answer.status == 200
    - assert: { that: "ansible_facts.service_mgr == 'runit'" }
    - debug: { msg: "{{ ansible_facts.hostname }} {{ ansible_facts.os_family }} {{ ansible_facts.service_mgr }}" }
`;

it('is an ordinary host to unmodified Ansible', { timeout: 180_000 }, async () => {
  const fixture = await SandboxFixture.open();
  try {
    const spec = await fixture.launch();
    const dir = join(fixture.dir, 'play');
    await mkdir(join(dir, 'templates'), { recursive: true });
    const ssh = (await fixture.sshOptions(spec)).join(' ');
    const host = `ansible_host=${spec.address} ansible_port=2222 ansible_user=${userInfo().username}`;
    const files = {
      'play.yml': playbook,
      'server.js': serverScript,
      run: serviceRun,
      'templates/note.j2': '{{ ansible_facts.hostname }}\n',
      inventory: `machine ${host} ansible_ssh_common_args='${ssh}'\n`,
      'ansible.cfg': '[defaults]\nhost_key_checking = true\n[ssh_connection]\npipelining = true\n',
    };
    for (const [name, content] of Object.entries(files)) await writeFile(join(dir, name), content);
    const env = {
      ...process.env,
      ANSIBLE_CONFIG: join(dir, 'ansible.cfg'),
      ANSIBLE_HOME: join(dir, 'home'),
      ANSIBLE_LOCAL_TEMP: join(dir, 'tmp'),
    };
    const play = exec('ansible-playbook', ['-i', 'inventory', 'play.yml'], { cwd: dir, env });
    const { stdout } = await play.catch((error: { stdout: string; stderr: string }) => {
      throw new Error(`${error.stdout}\n${error.stderr}`);
    });
    expect(stdout).toContain(`${spec.hostname} Debian runit`);
    expect(stdout).toMatch(/failed=0/);
    expect((await request(`http://${spec.address}:8080/`)).statusCode).toBe(200);
    expect(await fixture.ssh(spec, 'cat /srv/note')).toBe(`${spec.hostname}\n`);
  } finally {
    await fixture.close();
  }
});
