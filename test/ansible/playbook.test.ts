import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ansible = new URL('../../ansible/', import.meta.url).pathname;
const run = promisify(execFile);
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gp-playbook-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs ansible-playbook on this host without SSH; resolves with its exit code and the callback's events. */
async function playbook(file: string, argv: string[] = [], env: Record<string, string> = {}) {
  const events = join(folder, `${Math.random()}.ndjson`);
  const settings = {
    ANSIBLE_CONFIG: join(ansible, 'ansible.cfg'),
    PIPELINE_EVENTS_FILE: events,
    ANSIBLE_LOCAL_TEMP: folder,
  };
  const result = await run('ansible-playbook', ['-i', 'local,', '-c', 'local', ...argv, file], {
    cwd: ansible,
    env: { ...process.env, ...settings, ANSIBLE_REMOTE_TEMP: folder, ...env },
  }).then(
    ({ stdout }) => ({ code: 0, stdout }),
    (error: { code: number; stdout: string }) => ({ code: error.code, stdout: error.stdout }),
  );
  const text = await readFile(events, 'utf8').catch(() => '');
  return {
    ...result,
    events: text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

const variables = {
  release_action: 'stage',
  release_app: 'api',
  release_version: 'v2',
  release_commit: 'abcdef0',
  release_port: 8080,
  release_staging_port: 8081,
  release_health_path: '/health',
};

it('api.yml is correct', async () => {
  expect(await playbook('api.yml', ['--syntax-check'])).toMatchObject({ code: 0 });
});

it.each([
  { release_version: '../../etc' },
  { release_version: 'a b' },
  { release_version: 'v1\n' },
  { release_app: 'api/..' },
  { release_action: 'destroy' },
  { release_commit: '$(id)' },
  { release_keep: 0 },
])('the release role refuses %j before it does anything', async (wrong) => {
  const extra = JSON.stringify({ ...variables, ...wrong });
  const file = join(folder, 'release-only.yml');
  await writeFile(
    file,
    '- hosts: all\n  gather_facts: false\n  vars: {ansible_service_mgr: runit}\n  roles: [release]\n',
  );
  const { code, events } = await playbook(file, ['--extra-vars', extra], {
    ANSIBLE_ROLES_PATH: join(ansible, 'roles'),
  });
  expect(code).not.toBe(0);
  const failure = events.find(({ event }) => event === 'failed');
  expect(failure).toMatchObject({
    task: "Check the release's variables",
    msg: expect.stringContaining('wrong variable'),
  });
  expect(events.filter(({ event }) => event === 'task')).toHaveLength(1);
});

describe('the environment of a service', () => {
  /** Stages with the release role alone; resolves with the task that failed. The commit is not there, so nothing is built. */
  async function stageWith(environment: string, extra: Record<string, unknown> = {}) {
    const file = join(folder, 'environment.yml');
    await writeFile(
      file,
      `- hosts: all
  gather_facts: false
  vars: {ansible_service_mgr: runit, app_environment: ${environment}}
  roles:
    - {role: release, release_service_environment: "{{ app_environment }}"}
`,
    );
    const given = { ...variables, release_root: join(folder, 'srv'), release_archive: join(folder, 'none.tar') };
    const { events } = await playbook(file, ['--extra-vars', JSON.stringify({ ...given, ...extra })], {
      ANSIBLE_ROLES_PATH: join(ansible, 'roles'),
    });
    return events.find(({ event }) => event === 'failed');
  }
  const check = "Check the service's environment";

  it.each([
    ['a variable', '{MODE: x, KEY: "{{ stripe_key }}"}', {}, "'stripe_key' is undefined"],
    [
      'a variable of a held socket',
      '{KEY: "{{ stripe_key }}"}',
      { release_takeover: 'socket' },
      "'stripe_key' is undefined",
    ],
    ['the environment itself', '"{{ shop_environment }}"', {}, "'shop_environment' is undefined"],
    ['a part of a value', '{KEY: "{{ shop.key }}"}', { shop: {} }, "has no attribute 'key'"],
    ['a variable of a working copy', '{}', { release_develop: { environment: '{{ mine }}' } }, "'mine' is undefined"],
    ['an empty value', '{MODE: x, KEY: }', {}, "have no value, and an empty text is written as '': KEY"],
  ])('has %s checked for existence before anything is built', async (_what, environment, extra, message) => {
    const failed = await stageWith(environment, extra);
    expect(failed).toMatchObject({ task: check, msg: expect.stringContaining(message) });
  });

  it.each(['{}', '', '{KEY: ""}', '{KEY: "{{ stripe_key }}"}'])('may be %j', async (environment) => {
    expect(await stageWith(environment, { stripe_key: '' })).toMatchObject({ task: 'Unpack the commit' });
  });
});

it('the default filter, which hides undefined variables inside a value, is only used for values from the pipeline', async () => {
  const names = await readdir(ansible, { recursive: true });
  const texts = await Promise.all(
    names.filter((name) => /\.(yml|j2)$/.test(name)).map((name) => readFile(join(ansible, name), 'utf8')),
  );
  const used = texts.flatMap((text) => [...text.matchAll(/([\w.[\]]+) *\| *(?:default|d)\(/g)].map(([, name]) => name));
  expect([...new Set(used)].sort()).toEqual([
    'ansible_python_interpreter',
    'release_action',
    'release_commit',
    'release_version',
    'service_held',
    'service_staging',
  ]);
});

describe('the callback pipeline_events', () => {
  const play = `- hosts: all
  gather_facts: false
  tasks:
    - {name: Works, ansible.builtin.command: 'true'}
    - {name: Left out, ansible.builtin.command: 'true', when: false}
    - {name: Allowed to fail, ansible.builtin.command: 'false', ignore_errors: true}
    - name: Secret
      ansible.builtin.command: sh -c 'echo hunter2 >&2; exit 1'
      no_log: true
      ignore_errors: true
    - name: Fails
      ansible.builtin.command: sh -c 'echo the cause of {{ item }} >&2; exit 3'
      loop: [one, two]
`;

  it('reports the start and result of each task, and the message of a failed item', async () => {
    const file = join(folder, 'callback.yml');
    await writeFile(file, play);
    const { code, events } = await playbook(file);
    expect(code).toBe(2);
    expect(events.filter(({ event }) => event === 'task')).toEqual(
      ['Works', 'Left out', 'Allowed to fail', 'Secret', 'Fails'].map((name, index) => ({
        event: 'task',
        name,
        index,
        module: 'ansible.builtin.command',
      })),
    );
    expect(events).toContainEqual(
      expect.objectContaining({ event: 'ok', task: 'Works', changed: true, host: 'local' }),
    );
    expect(events).toContainEqual(expect.objectContaining({ event: 'skipped', task: 'Left out' }));
    expect(events).toContainEqual(expect.objectContaining({ event: 'failed', task: 'Allowed to fail', ignored: true }));
    expect(events).toContainEqual(
      expect.objectContaining({ event: 'failed', task: 'Fails', ignored: false, rc: 3, stderr: 'the cause of one' }),
    );
    expect(JSON.stringify(events)).not.toContain('hunter2');
    expect(events.at(-1)).toEqual({ event: 'done' });
  });

  it('does nothing unless it is enabled', async () => {
    const file = join(folder, 'quiet.yml');
    await writeFile(file, "- hosts: all\n  gather_facts: false\n  tasks: [{ansible.builtin.command: 'true'}]\n");
    expect(await playbook(file, [], { PIPELINE_EVENTS_FILE: '' })).toMatchObject({ code: 0, events: [] });
  });
});

describe('service definitions', () => {
  it('start the same service with systemd and runit, every value quoted', async () => {
    const file = join(folder, 'templates.yml');
    await writeFile(
      file,
      `- hosts: all
  gather_facts: false
  vars:
    release_action: activate
    release_host: 0.0.0.0
    templates: ${ansible}roles/release/templates
    service_folder: /srv/api/current
    service_port: 8080
    service_log: ''
    release_app: api
    release_service_user: api
    release_instance_env: /run/pipeline/instance.env
    release_stop_timeout: 30
    release_secrets_folder: /run/api-secrets
    release_service_command: [node, server.js, "it's 100% $x"]
    release_exports: {}
    release_environment: {GREETING: "a 'b' \\"c\\" 5%"}
  tasks:
    - ansible.builtin.template: {src: '{{ templates }}/unit.service.j2', dest: ${folder}/api.service}
    - ansible.builtin.template: {src: '{{ templates }}/runit-run.j2', dest: ${folder}/run}
`,
    );
    expect(await playbook(file)).toMatchObject({ code: 0 });
    const unit = await readFile(join(folder, 'api.service'), 'utf8');
    expect(unit).toContain(`exec "$$@"' sh "node" "server.js" "it's 100%% $$x"`);
    expect(unit).toContain('RuntimeDirectory=api-secrets\nRuntimeDirectoryMode=0700\nRuntimeDirectoryPreserve=yes\n');
    expect(unit).toContain(`Environment="GREETING=a 'b' \\"c\\" 5%%"`);
    // The instance's own file comes after the default, so it wins.
    expect(unit.indexOf('EnvironmentFile=-/run/pipeline/instance.env')).toBeGreaterThan(
      unit.indexOf('Environment=HOST=0.0.0.0'),
    );
    expect(unit).toContain('Restart=always');
    const script = await readFile(join(folder, 'run'), 'utf8');
    for (const text of [unit, script]) expect(text).not.toContain('PIPELINE_STAGING');
    await writeFile(
      join(folder, 'try'),
      script
        .replace('cd /srv/api/current', 'cd /')
        .replace(/^exec node/m, `printf '%s|' "$GREETING" "$HOST" "$PORT"; exec echo`),
    );
    const { stdout } = await run('sh', [join(folder, 'try')]);
    expect(stdout).toBe(`a 'b' "c" 5%|0.0.0.0|8080|server.js it's 100% $x\n`);
  });
});
