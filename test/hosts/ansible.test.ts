import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@golden-pipeline/shared/clock';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHosts } from '../../src/hosts/index.ts';
import type { Hosts, ReleaseVariables } from '../../src/hosts/types.ts';
import { fakePrograms } from './support/fake-programs.ts';

const host = { instanceId: 'i-0abc', address: '127.0.0.9' };
const variables: ReleaseVariables = {
  release_action: 'activate',
  release_app: 'api',
  release_version: 'v2',
  release_commit: 'a'.repeat(40),
  release_port: 8080,
  release_staging_port: 8081,
  release_health_path: '/health',
  release_keep: 3,
};

let fakes: Awaited<ReturnType<typeof fakePrograms>>;
let folder: string;
let playbook: string;
let hosts: Hosts;

beforeEach(async () => {
  fakes = await fakePrograms();
  folder = await mkdtemp(join(tmpdir(), 'gp-play-'));
  playbook = join(folder, 'api.yml');
  await writeFile(playbook, '');
  await fakes.put('ssh', '');
  hosts = createHosts({
    ssh: { user: 'admin', port: 2222, privateKey: '/keys/k', hostKeys: ['x ssh-ed25519 AAAA'], become: true },
    projectDir: folder,
    runDir: join(folder, 'run'),
    consoleOutput: async () => undefined,
    clock: systemClock(),
  });
});
afterEach(async () => {
  await hosts.close();
  await fakes.remove();
  await rm(folder, { recursive: true, force: true });
});

/** A fake ansible-playbook that writes these events, then does `body`. */
const ansible = (events: object[], body = '') =>
  fakes.put(
    'ansible-playbook',
    `const read = (file) => JSON.parse(fs.readFileSync(file, 'utf8'));
     record({ inventory: read(argv[1]), variables: read(argv[3].slice(1)), mode: fs.statSync(argv[3].slice(1)).mode & 0o777,
       env: Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith('ANSIBLE_'))) });
     for (const event of ${JSON.stringify(events)}) fs.appendFileSync(process.env.PIPELINE_EVENTS_FILE, JSON.stringify(event) + '\\n');
     ${body}`,
  );
/** What ends a playbook that has worked on the host. */
const worked = [{ event: 'ok', host: 'i-0abc', task: 'One', seconds: 1, changed: true }, { event: 'done' }];
const play = (extra: Partial<ReleaseVariables> = {}, options: Partial<Parameters<Hosts['play']>[3]> = {}) =>
  hosts.play(host, playbook, { ...variables, ...extra }, { timeoutMs: 10_000, ...options });
const failed = (extra: object) => ({
  event: 'failed',
  host: 'i-0abc',
  task: 'Install',
  seconds: 1,
  ignored: false,
  msg: '',
  stderr: '',
  stdout: '',
  rc: 1,
  ...extra,
});

it('ansible-playbook is started with files, never with values on the command line, and the files are removed', async () => {
  await ansible([{ event: 'task', name: 'One', index: 0 }, { event: 'task', name: 'Two', index: 1 }, ...worked]);
  const tasks: { name: string; index: number }[] = [];
  await play({}, { onTask: (task) => tasks.push(task) });
  expect(tasks).toEqual([
    { name: 'One', index: 0 },
    { name: 'Two', index: 1 },
  ]);
  type Call = {
    argv: string[];
    inventory: { all: { hosts: Record<string, unknown> } };
    variables: object;
    mode: number;
    env: Record<string, string>;
  };
  const [call] = (await fakes.calls<Call>('ansible-playbook')) as [Call];
  expect(call.argv).toEqual(['-i', expect.any(String), '--extra-vars', expect.stringMatching(/^@/), playbook]);
  expect(call.mode).toBe(0o600);
  expect(call.variables).toEqual(variables);
  expect(call.inventory.all.hosts['i-0abc']).toMatchObject({
    ansible_host: '127.0.0.9',
    ansible_port: 2222,
    ansible_user: 'admin',
    ansible_become: true,
  });
  expect(call.env.ANSIBLE_SSH_ARGS).toContain('StrictHostKeyChecking=yes');
  expect(call.env.ANSIBLE_CONFIG).toMatch(/ansible\/ansible\.cfg$/);
  // A project's ansible.cfg may have it run on this computer.
  expect(call.env.ANSIBLE_TRANSPORT).toBe('ssh');
  expect((await readdir(join(folder, 'run'))).filter((name) => name.startsWith('play-'))).toEqual([]);
});

it('the ansible.cfg of the project is preferred', async () => {
  await writeFile(join(folder, 'ansible.cfg'), '');
  await ansible(worked);
  await play();
  const [call] = await fakes.calls<{ env: Record<string, string> }>('ansible-playbook');
  expect(call?.env.ANSIBLE_CONFIG).toBe(join(folder, 'ansible.cfg'));
});

describe('a failure of Ansible', () => {
  it('names files as they are in the project, also for a checkout', async () => {
    const projectDir = join(folder, 'project-abc');
    await ansible([failed({ msg: `x\nin '${projectDir}/ansible/api.yml': line 2` })], 'process.exit(2)');
    await expect(play({}, { projectDir })).rejects.toMatchObject({
      details: [`in '${folder}/ansible/api.yml': line 2`],
    });
  });

  it('is the message of the task', async () => {
    await ansible([failed({ msg: 'no package matching "nodejs"\nis available', stderr: '' })], 'process.exit(2)');
    await expect(play()).rejects.toMatchObject({
      code: 'ansible.failed',
      message: 'Ansible failed on i-0abc (127.0.0.9) in task "Install": no package matching "nodejs"',
      details: ['is available'],
    });
  });

  it("is the program's own output when Ansible only reports the failure, at most 15 lines of it", async () => {
    const stderr = Array.from({ length: 40 }, (_, i) => `line ${i}`).join('\n');
    await ansible([failed({ msg: 'non-zero return code', stderr })], 'process.exit(2)');
    const error = await play().catch((e) => e);
    expect(error.message).toBe('Ansible failed on i-0abc (127.0.0.9) in task "Install": line 0');
    expect(error.details).toHaveLength(15);
    expect(error.details.at(-1)).toBe('line 39');
  });

  it('has a fix where the app ignores its port', async () => {
    const stderr =
      'it exited before it was healthy: http://127.0.0.1:3001/health: Connection refused; the app wants a port that another process has: it must listen on the port in the environment variable PORT, which is 3001 while it is checked beside what serves; its last log lines:\nEADDRINUSE';
    await ansible([failed({ msg: 'non-zero return code', stderr })], 'process.exit(2)');
    await expect(play()).rejects.toMatchObject({
      fix: expect.stringContaining('let the app listen on HOST and PORT'),
    });
  });
  it('is not one that the playbook ignores', async () => {
    await ansible(
      [failed({ task: 'Maybe', msg: 'x', ignored: true }), failed({ msg: 'the cause' })],
      'process.exit(2)',
    );
    await expect(play()).rejects.toThrow('in task "Install": the cause');
  });

  it.each([
    ["The error was: {'A': '{{ nope }}', 'B': 'hunter2'}: 'nope' is undefined. 'nope' is undefined", 'nope'],
    ["{'A': '{{ shop.key }}', 'B': 'hunter2'}: 'dict object' has no attribute 'key'", 'key'],
  ])('by an undefined variable names it, and not the values around it', async (msg, name) => {
    await ansible([failed({ msg })], 'process.exit(2)');
    const error = await play().catch((e) => e);
    expect(error).toMatchObject({
      code: 'ansible.failed',
      message: `Ansible failed on i-0abc (127.0.0.9) in task "Install": variable ${name} is undefined`,
      fix: expect.stringContaining('ansible.variables'),
      details: [],
    });
  });

  it('reports an unreachable host', async () => {
    const msg = 'Failed to connect to the host via ssh: Connection refused';
    await ansible([{ event: 'unreachable', host: 'i-0abc', task: 'Find', seconds: 1, msg }], 'process.exit(4)');
    await expect(play()).rejects.toMatchObject({ code: 'ansible.unreachable', message: expect.stringContaining(msg) });
  });

  it("before any task shows Ansible's own error", async () => {
    await ansible([], `console.error("[WARNING]: x\\nERROR! the role 'nothing' was not found"); process.exit(1)`);
    await expect(play()).rejects.toMatchObject({
      code: 'ansible.failed',
      message: "Ansible failed on i-0abc (127.0.0.9) (exit 1): ERROR! the role 'nothing' was not found",
    });
  });

  it('says what to install', async () => {
    fakes.hideAll();
    await expect(play()).rejects.toMatchObject({
      code: 'ansible.missing',
      outcome: 'usage',
      fix: 'apt-get install ansible-core',
    });
  });

  it('names a missing playbook', async () => {
    await rm(playbook);
    await expect(play()).rejects.toMatchObject({ code: 'ansible.no-playbook', outcome: 'usage' });
  });
});

describe('a playbook that succeeds and has run no task on the host', () => {
  it.each([
    ['matches no host', [], 'no play matches the host, or tags leave no task'],
    ['skips all', [{ event: 'skipped', host: 'i-0abc', task: 'One', seconds: 1 }], 'all 1 were skipped'],
    ['runs elsewhere', [{ event: 'ok', host: 'localhost', task: 'One', seconds: 1 }], 'it ran on localhost'],
  ])('is an error: one that %s', async (_what, events, why) => {
    await ansible([...events, { event: 'done' }]);
    await expect(play()).rejects.toMatchObject({
      code: 'ansible.no-hosts',
      outcome: 'failed',
      message: `api.yml ran no task on i-0abc (127.0.0.9), expected it to build the release there: ${why}`,
      fix: expect.stringContaining('hosts: all'),
    });
  });

  it('looks like one that worked when the plugin was not loaded', async () => {
    await ansible([]);
    await expect(play()).resolves.toBeUndefined();
  });
});

describe('an interruption of Ansible', () => {
  /** Starts a grandchild that ignores SIGTERM and tells its pid; the whole group must end. */
  const stubborn = `const { spawn } = require('node:child_process');
    const child = spawn(process.execPath, ['-e', "process.on('SIGTERM', () => {}); setTimeout(() => {}, 60000); console.log('up')"], { stdio: ['ignore', 'pipe', 'ignore'] });
    child.stdout.once('data', () => { record({ pid: child.pid });
      fs.appendFileSync(process.env.PIPELINE_EVENTS_FILE, JSON.stringify({ event: 'task', name: 'Long', index: 0 }) + '\\n'); });
    setTimeout(() => {}, 60000);`;
  const gone = async () => {
    const pid = (await fakes.calls<{ pid?: number }>('ansible-playbook')).find((call) => call.pid)?.pid ?? 0;
    expect(pid).toBeGreaterThan(0);
    await expect.poll(() => isRunning(pid), { timeout: 5000 }).toBe(false);
  };

  it('at the time limit names the task and ends every process', async () => {
    await ansible([], stubborn);
    await expect(play({}, { timeoutMs: 1500 })).rejects.toMatchObject({
      code: 'ansible.timeout',
      message: 'Ansible did not finish on i-0abc within 2 s, in task "Long"',
    });
    await gone();
  });

  it('by the signal rejects with its reason', async () => {
    await ansible([], stubborn);
    const abort = new AbortController();
    const reason = new Error('interrupted');
    const ended = play({}, { signal: abort.signal, onTask: () => abort.abort(reason) });
    await expect(ended).rejects.toBe(reason);
    await gone();
  });
});

it.each([
  [{ release_version: '../x' }, 'release_version'],
  [{ release_version: '{{ lookup("pipe", "id") }}' }, 'release_version'],
  [{ release_app: 'API;' }, 'release_app'],
  [{ release_commit: 'main' }, 'release_commit'],
  [{ release_previous: 'v1\n' }, 'release_previous'],
  [{ release_health_path: 'health' }, 'release_health_path'],
])('extra variables refuse %j', async (extra, name) => {
  await ansible([]);
  await expect(play(extra)).rejects.toMatchObject({
    code: 'ansible.bad-variable',
    message: expect.stringContaining(name),
  });
  expect(await fakes.calls('ansible-playbook')).toEqual([]);
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
