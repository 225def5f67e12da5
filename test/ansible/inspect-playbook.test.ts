import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { systemClock } from '@golden-pipeline/shared/clock';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Fleet } from '../../src/config/settings.ts';
import { createAnsible } from '../../src/hosts/ansible.ts';
import { createInspect } from '../../src/hosts/inspect-playbook.ts';
import type { TaskChange } from '../../src/hosts/types.ts';
import { cleanLists } from '../../src/plays/clean.ts';
import { assertReleaseRole, type Evaluation, evaluatePlaybook } from '../../src/plays/playbook/evaluate.ts';

const ansible = new URL('../../ansible/', import.meta.url).pathname;
const ssh = { user: 'admin', port: 22, privateKey: '/none', hostKeys: 'console', become: false } as Fleet['ssh'];
const variables = {
  release_action: 'stage' as const,
  release_app: 'api',
  release_version: 'v2',
  release_commit: 'a'.repeat(40),
  release_port: 8080,
  release_staging_port: 8081,
  release_health_path: '/health',
  release_keep: 3,
};
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gp-look-'));
  await mkdir(join(folder, 'run'));
  const files = {
    'ansible.cfg': `[defaults]\nroles_path = ${ansible}roles\nlocal_tmp = ${folder}/tmp\n`,
    'roles/nginx/tasks/main.yml': `- name: Write the site
  ansible.builtin.copy: {content: x, dest: "{{ release_root }}/site.conf", mode: '0644'}
  notify: restart nginx
- block: [{ansible.builtin.debug: {msg: x}}]
  rescue: [{ansible.builtin.command: 'true'}]
  always: [{ansible.builtin.include_tasks: more.yml}]
`,
    'roles/nginx/tasks/more.yml': '- {name: One more, ansible.builtin.command: touch /nothing}\n',
    'roles/nginx/handlers/main.yml': '- {name: restart nginx, ansible.builtin.command: echo restarted}\n',
    'roles/shop/meta/main.yml': 'dependencies: [{role: nginx}, {role: release}]\n',
    'roles/quiet/meta/main.yml': 'dependencies: [{role: release}]\n',
    'roles/quiet/defaults/main.yml': 'quiet_command: [node, server.js]\n',
    'library/ping.py': '#!/usr/bin/python\n',
  };
  for (const [name, text] of Object.entries(files)) await write(name, text);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function write(name: string, text: string): Promise<string> {
  const file = join(folder, name);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
  return file;
}

const settings = () => ({ ssh, projectDir: folder, runDir: join(folder, 'run'), clock: systemClock() });

/** What Ansible itself shows of a playbook of this text, with more variables. */
async function inspect(text: string, more: Record<string, unknown> = {}) {
  return createInspect(settings())(await write('api.yml', text), { ...variables, ...more });
}

const evaluate = async (text: string) => evaluatePlaybook(await inspect(text));
const play = (body: string) => `- hosts: all\n  gather_facts: false\n${body}`;

const mayServe: [string, string][] = [
  ['the release role', '  roles: [release]\n'],
  ['a role of defaults and dependencies', '  roles: [quiet]\n'],
  ['the role included by a fixed name', '  tasks: [{ansible.builtin.include_role: {name: quiet}}]\n'],
  ['tasks that gather facts', '  pre_tasks: [{ansible.builtin.setup: {gather_subset: [min]}}]\n  roles: [release]\n'],
  ['tasks that only report', '  roles: [release]\n  post_tasks: [{debug: {msg: x}}, {meta: noop}]\n'],
  ['tasks excluded by tags', '  roles: [release]\n  tasks: [{command: id, tags: never}]\n'],
];
const mayNotServe: [string, string, RegExp][] = [
  [
    'another role, its handler, and what it includes',
    '  roles: [nginx, release]\n',
    /^role nginx: 3 tasks, 1 handler: "Write the site" \(ansible.builtin.copy\)/,
  ],
  ['another role as a dependency', '  roles: [shop]\n', /^role nginx: 3 tasks, 1 handler/],
  [
    'another role by include_role',
    '  roles: [release]\n  tasks: [{include_role: {name: nginx}}]\n',
    /^role nginx: 4 tasks/,
  ],
  [
    'another role by a variable',
    '  roles: [release]\n  tasks: [{include_role: {name: "{{ x }}"}}]\n',
    /^outside of roles: 1 include: include_role of \{\{ x \}\}, which is known only while it runs/,
  ],
  [
    'another role in part',
    '  roles: [release]\n  tasks: [{include_role: {name: nginx, tasks_from: more}}]\n',
    /^outside of roles: 1 include: include_role of nginx/,
  ],
  [
    'a part of the release role, which does not ask for the action',
    '  roles: [release]\n  tasks: [{import_role: {name: release, tasks_from: activate.yml}}]\n',
    /^role release, activate.yml alone: \d+ tasks?, /,
  ],
  [
    'a part of a role that installs, which does not ask the host',
    '  roles: [release]\n  tasks: [{import_role: {name: node, tasks_from: install}}]\n',
    /^role node, install alone: \d+ tasks?: /,
  ],
  [
    'tasks by a variable',
    '  roles: [release]\n  tasks: [{include_tasks: "{{ x }}.yml"}]\n',
    /include_tasks of \{\{ x \}\}.yml/,
  ],
  [
    'tasks of a file',
    '  roles: [release]\n  tasks: [{include_tasks: roles/nginx/tasks/more.yml}]\n',
    /^outside of roles: 1 task: "One more"/,
  ],
  [
    'a task of its own',
    '  roles: [release]\n  post_tasks: [{command: id}]\n',
    /^outside of roles: 1 task: ansible.builtin.command \(.*api.yml:\d+\)/,
  ],
  [
    'one that is called as if it were of the role',
    '  roles: [release]\n  tasks: [{name: "release : Go on", command: id}]\n',
    /^outside of roles: 1 task: "release : Go on"/,
  ],
  [
    'a handler of its own',
    '  roles: [release]\n  handlers: [{name: h, command: id}]\n',
    /^outside of roles: 1 handler: "h"/,
  ],
  [
    'only a rescue',
    '  roles: [release]\n  tasks: [{block: [{debug: {}}], rescue: [{command: id}]}]\n',
    /^outside of roles: 1 task/,
  ],
  [
    'a module of the project with a harmless name',
    '  roles: [release]\n  tasks: [{ping: }]\n',
    /^outside of roles: 1 task: ping/,
  ],
];

/** By its body, what a play of the roles, tasks and handlers in it is evaluated as. All are plays of one playbook: Ansible starts slowly. */
const evaluated = new Map<string, Evaluation>();
beforeAll(async () => {
  const bodies = [...mayServe, ...mayNotServe].map(([, body]) => body);
  const { plays } = await inspect(bodies.map(play).join(''));
  for (const [index, body] of bodies.entries()) {
    evaluated.set(body, await evaluatePlaybook({ plays: plays.slice(index, index + 1) }));
  }
}, 60_000);

describe('may run on an instance that serves:', () => {
  it.each(mayServe)('%s', (_what, body) => {
    expect(evaluated.get(body)).toEqual({ appliesRelease: true, reasons: [], installers: [] });
  });

  it.each(['api', 'frontend', 'heracles'])('%s.yml, with what its roles require of the host', async (app) => {
    const evaluation = await evaluatePlaybook(await createInspect(settings())(join(ansible, `${app}.yml`), variables));
    expect(evaluation).toMatchObject({ appliesRelease: true, reasons: [] });
    expect(evaluation.installers).toEqual(
      app === 'frontend'
        ? [{ role: 'python', variables: { python_minimum: expect.any(String) } }]
        : [{ role: 'node', variables: { node_major: '20' } }],
    );
  });

  it('an unchanged copy of the role in the project, but not an edited one', async () => {
    const copy = join(folder, 'copies', 'roles', 'release');
    await cp(join(ansible, 'roles', 'release'), copy, { recursive: true });
    const file = await write('copies/api.yml', play('  roles: [release]\n'));
    const again = async () => evaluatePlaybook(await createInspect(settings())(file, variables));
    expect((await again()).reasons).toEqual([]);
    await writeFile(join(copy, 'tasks', 'extra.yml'), '- command: id\n');
    expect((await again()).reasons).toEqual([
      expect.stringMatching(/^role release is not the pipeline's own: tasks\/extra.yml differs/),
    ]);
  });
});

describe('may not run on an instance that serves:', () => {
  it.each(mayNotServe)('%s', (_what, body, reason) => {
    const { appliesRelease, reasons = [] } = evaluated.get(body) ?? {};
    expect(appliesRelease).toBe(true);
    expect(reasons).toEqual([expect.stringMatching(reason)]);
  });

  it('a play that is not a release', async () => {
    const { reasons } = await evaluate(`${play('  roles: [release]\n')}- hosts: localhost\n  tasks: [{command: id}]\n`);
    expect(reasons).toEqual([expect.stringMatching(/^outside of roles: 1 task/)]);
  });
});

it('a playbook that does not apply the role is refused, but one that may apply it while it runs is accepted', async () => {
  const none = await evaluate(play('  roles: [nginx]\n'));
  expect(() => assertReleaseRole('api.yml', none, 'release')).toThrow('api.yml does not apply the release role');
  expect(() => assertReleaseRole('api.yml', none, 'plain')).not.toThrow();
  const part = await evaluate(play('  tasks: [{import_role: {name: release, tasks_from: clean}}]\n'));
  expect(part.appliesRelease).not.toBe(true);
  const open = await evaluate(play('  tasks: [{include_role: {name: "{{ x }}"}}]\n'));
  expect(open.appliesRelease).toBeUndefined();
  expect(() => assertReleaseRole('api.yml', open, 'release')).not.toThrow();
});

it('a variable that a role decides by is read from this play', async () => {
  const roles = play('  roles: [{role: node, node_major: 24}, release]\n');
  expect((await evaluate(roles)).installers).toEqual([{ role: 'node', variables: { node_major: '24' } }]);
  const [first] = (await evaluatePlaybook(await inspect(roles, { node_major: '{{ gone }}' }))).installers;
  expect(first).toEqual({ role: 'node' });
});

it('the clean-up settings of an app role are known before the release, as the play sets them', async () => {
  const lists = { release: { clean: { shared: ['uploads'] } } } as Parameters<typeof cleanLists>[0];
  const roles = play("  roles: [{role: release, release_clean: ['/etc/acme/*'], release_clean_shared: [cache]}]\n");
  expect(await cleanLists(lists, await inspect(roles))).toEqual({
    ...{ paths: ['/etc/acme/*'], madeAtBoot: [], shared: ['uploads'], keep: [] },
  });
  const wrong = play("  roles: [{role: release, release_clean: ['/etc']}]\n");
  await expect(inspect(wrong).then((seen) => cleanLists(lists, seen))).rejects.toMatchObject({ code: 'release.clean' });
});

it.each([
  ['a missing role', play('  roles: [gone]\n'), "the role 'gone' was not found"],
  [
    'a file that is not YAML',
    '- hosts: [\n',
    'Ansible cannot read api.yml: it is not valid YAML: did not find expected node content',
  ],
])('the analysis of a playbook names %s', async (_what, text, message) => {
  await expect(inspect(text)).rejects.toMatchObject({
    code: 'ansible.bad-playbook',
    outcome: 'usage',
    message: expect.stringContaining(message),
  });
});

it('files of a checkout are named as in the project, and the suggested command can be run', async () => {
  const checkout = join(folder, 'checkout');
  const options = { projectDir: checkout };
  const config = await write('checkout/ansible.cfg', `[defaults]\nroles_path = ${ansible}roles\n`);
  const file = await write('checkout/bad.yml', '- hosts: [\n');
  const inspect = createInspect(settings());
  await expect(inspect(file, variables, options)).rejects.toMatchObject({
    fix: `try it: ANSIBLE_CONFIG=${config.replace(checkout, folder)} ansible-playbook --list-tasks ${join(folder, 'bad.yml')}`,
    details: expect.arrayContaining([expect.stringContaining(`'${join(folder, 'bad.yml')}': line 2`)]),
  });
  const good = await write('checkout/good.yml', play('  roles: [release]\n  tasks: [{name: x, command: id}]\n'));
  const found = await inspect(good, variables, options);
  expect((await evaluatePlaybook(found)).reasons).toEqual([expect.stringContaining(`(${join(folder, 'good.yml')}:`)]);
  // What is compared is the checkout's own.
  expect(found.plays[0]?.tasks[0]?.folder).toBe(join(ansible, 'roles/release'));
});

it("the pipeline's inventory is used, whichever inventory plugins the project has", async () => {
  const project = join(folder, 'cloud');
  await write('cloud/ansible.cfg', '[inventory]\nenable_plugins = amazon.aws.aws_ec2\n');
  const file = await write('cloud/api.yml', play('  tasks: [{command: id}]\n'));
  const run = createAnsible({ ...settings(), projectDir: project, sshOptions: () => [] });
  const local = { ansible_connection: 'local', ansible_remote_tmp: folder };
  const host = { instanceId: 'i-0abc', address: '127.0.0.1' };
  await run(host, file, { ...variables, ...local }, { timeoutMs: 60_000 });
});

it('nothing runs while Ansible analyzes a playbook, not even on the local computer', async () => {
  const touched = join(folder, 'touched');
  await inspect(`- hosts: localhost\n  vars_prompt: [{name: x, prompt: x}]\n  tasks: [{command: touch ${touched}}]\n`);
  await expect(cp(touched, `${touched}.copy`)).rejects.toThrow('ENOENT');
});

describe('the reported changes of a play', () => {
  /** Plays this text on this computer; resolves with the changes. */
  async function changes(body: string): Promise<TaskChange[]> {
    const local = { ansible_connection: 'local', ansible_remote_tmp: folder, release_root: folder };
    let found: TaskChange[] = [];
    const onChanges = (made: TaskChange[]) => {
      found = made;
    };
    const run = createAnsible({ ...settings(), sshOptions: () => [] });
    const host = { instanceId: 'i-0abc', address: '127.0.0.1' };
    const file = await write('play.yml', play(body));
    await run(host, file, { ...variables, ...local }, { timeoutMs: 60_000, onChanges }).catch(() => undefined);
    return found;
  }

  it('have module, role and path, also for handlers', async () => {
    const found = await changes('  roles: [nginx]\n');
    expect(found.map(({ folder: _, ...change }) => change)).toEqual([
      {
        ...{ task: 'Write the site', module: 'ansible.builtin.copy', role: 'nginx', how: 'changed' },
        paths: [join(folder, 'site.conf')],
      },
      { task: 'One more', module: 'ansible.builtin.command', role: 'nginx', paths: [], how: 'changed' },
      { task: 'restart nginx', module: 'ansible.builtin.command', role: 'nginx', paths: [], how: 'changed' },
    ]);
  });

  it('have the paths of all items of a loop, or none', async () => {
    const task = (item: string) =>
      `{ansible.builtin.file: {path: "${folder}/{{ item }}", state: touch}, loop: [${item}]}`;
    expect(await changes(`  tasks: [${task('a, b')}]\n`)).toEqual([
      {
        task: 'ansible.builtin.file',
        module: 'ansible.builtin.file',
        paths: [`${folder}/a`, `${folder}/b`],
        how: 'changed',
      },
    ]);
    expect(await changes(`  tasks: [{command: echo {{ item }}, loop: [a]}]\n`)).toMatchObject([{ paths: [] }]);
  });

  it('omit the path of a task with no_log, and include a task that failed', async () => {
    const file = `ansible.builtin.copy: {content: x, dest: ${folder}/secret}`;
    expect(await changes(`  tasks: [{${file}, no_log: true}]\n`)).toMatchObject([{ paths: [], how: 'changed' }]);
    expect(await changes("  tasks: [{command: 'false'}]\n")).toMatchObject([{ paths: [], how: 'failed' }]);
  });
});
