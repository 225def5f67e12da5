import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@golden-pipeline/shared/clock';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Fleet } from '../../src/config/settings.ts';
import { createHosts } from '../../src/hosts/index.ts';
import type { Hosts } from '../../src/hosts/types.ts';
import { fakePrograms } from './support/fake-programs.ts';

const key = (letter: string) => `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${letter.repeat(43)}`;
const consoleWith = (letter: string) =>
  `-----BEGIN SSH HOST KEY KEYS-----\n${key(letter)} root@x\n-----END SSH HOST KEY KEYS-----\n`;
const host = { instanceId: 'i-0abc', address: '127.0.0.9' };
const login: Fleet['ssh'] = {
  user: 'admin',
  port: 2222,
  privateKey: '/keys/team key',
  hostKeys: 'console',
  become: true,
};

let fakes: Awaited<ReturnType<typeof fakePrograms>>;
let runDir: string;
let output: (string | undefined)[];
let hosts: Hosts;

/** Readings of the console, the last one for ever. */
const consoleOutput = async () => (output.length > 1 ? output.shift() : output[0]);
const make = (ssh: Partial<Fleet['ssh']> = {}) =>
  createHosts({ ssh: { ...login, ...ssh }, projectDir: '/project', runDir, consoleOutput, clock: systemClock() });

beforeEach(async () => {
  fakes = await fakePrograms();
  runDir = join(await mkdtemp(join(tmpdir(), 'gp-run-')), 'run');
  output = [consoleWith('A')];
  hosts = make();
});
afterEach(async () => {
  await hosts.close();
  await fakes.remove();
  await rm(join(runDir, '..'), { recursive: true, force: true });
});

const option = (argv: string[], name: string) => argv.find((arg) => arg.startsWith(`${name}=`))?.slice(name.length + 1);

describe('run', () => {
  it('starts ssh with strict options and a quoted command', async () => {
    await fakes.put('ssh', `record(); console.log('answer');`);
    expect(await hosts.run(host, ['echo', "it's; rm -rf /", '$HOME'])).toBe('answer');
    const [{ argv }] = (await fakes.calls('ssh')) as [{ argv: string[] }];
    expect(argv.slice(argv.indexOf('-l'))).toEqual([
      '-l',
      'admin',
      '-p',
      '2222',
      '--',
      '127.0.0.9',
      `echo 'it'\\''s; rm -rf /' '$HOME'`,
    ]);
    expect(option(argv, 'StrictHostKeyChecking')).toBe('yes');
    expect(option(argv, 'BatchMode')).toBe('yes');
    expect(option(argv, 'HostKeyAlias')).toBe('i-0abc');
    expect(option(argv, 'IdentityFile')).toBe('"/keys/team key"');
    expect(option(argv, 'ControlPersist')).toBe('600s');
    const pins = option(argv, 'UserKnownHostsFile')?.replaceAll('"', '') ?? '';
    expect(await readFile(pins, 'utf8')).toBe(`i-0abc ${key('A')}\n`);
    expect((await stat(runDir)).mode & 0o777).toBe(0o700);
  });

  it('returns exit code and output of a program that failed', async () => {
    await fakes.put('ssh', `console.error('no such file\\nmore'); process.exit(3);`);
    await expect(hosts.run(host, ['cat', 'x'])).rejects.toMatchObject({
      code: 'ssh.failed',
      message: '`cat x` failed on i-0abc (exit 3): no such file',
      details: ['no such file', 'more'],
    });
  });

  it.each([
    ['ssh: connect to host 127.0.0.9 port 2222: Connection refused', 'ssh.unreachable'],
    ['Connection to 127.0.0.9 closed by remote host.', 'ssh.unreachable'],
    ['', 'ssh.unreachable'],
    ['PHP Fatal error: no such queue', 'ssh.failed'],
  ])('distinguishes an unreachable host from a program that exited with 255: %j', async (words, code) => {
    await fakes.put('ssh', `if (${JSON.stringify(words)}) console.error(${JSON.stringify(words)}); process.exit(255);`);
    await expect(hosts.run(host, ['true'])).rejects.toMatchObject({ code });
  });

  it('does not know what became of a program whose ssh was killed', async () => {
    await fakes.put('ssh', `process.kill(process.pid, 'SIGKILL'); setInterval(() => {}, 1000);`);
    await expect(hosts.run(host, ['status'])).rejects.toMatchObject({
      code: 'ssh.unreachable',
      message: expect.stringContaining('exit SIGKILL'),
    });
  });

  it('ends a program that takes too long', async () => {
    await fakes.put('ssh', `if (!argv.includes('-O')) setTimeout(() => {}, 60000);`);
    await expect(hosts.run(host, ['sleep', '60'], { timeoutMs: 100 })).rejects.toMatchObject({
      code: 'ssh.failed',
      message: expect.stringContaining('did not finish within 100 ms'),
    });
  });

  it('says what to install when ssh is missing', async () => {
    fakes.hideAll();
    await expect(hosts.run(host, ['true'])).rejects.toMatchObject({
      code: 'ssh.missing',
      outcome: 'usage',
      fix: 'apt-get install openssh-client',
    });
  });

  it.each(['-oProxyCommand=id', '127.0.0.1;id', 'a b', '', 'host\n'])('refuses the address %j', async (address) => {
    await fakes.put('ssh', 'record();');
    await expect(hosts.run({ instanceId: 'i-0abc', address }, ['true'])).rejects.toMatchObject({
      code: 'ssh.bad-host',
    });
    expect(await fakes.calls('ssh')).toEqual([]);
  });

  it('refuses instance ids, users and ports that could be read as something else', async () => {
    await expect(hosts.run({ ...host, instanceId: '../x' }, ['true'])).rejects.toMatchObject({ code: 'ssh.bad-host' });
    expect(() => make({ user: '-oX' })).toThrow('ssh.user');
    expect(() => make({ port: 0 })).toThrow('ssh.port');
  });
});

describe('waitReachable', () => {
  it('waits for the keys, then for an answer, and pins again when the host has new keys', async () => {
    output = [undefined, 'booting', consoleWith('A'), consoleWith('B')];
    // Answers only to the second key, as a machine that has booted again.
    await fakes.put(
      'ssh',
      `const pins = argv.find((a) => a.startsWith('UserKnownHostsFile=')).split('=')[1].replaceAll('"', '');
       record(); if (!fs.readFileSync(pins, 'utf8').includes('BBBB')) { console.error('Host key verification failed.'); process.exit(255); }`,
    );
    await hosts.waitReachable(host, 10_000);
    expect(await fakes.calls('ssh')).toHaveLength(2);
  });

  it('reports why it gave up', async () => {
    await fakes.put('ssh', `console.error('Permission denied (publickey).'); process.exit(255);`);
    await expect(hosts.waitReachable(host, 3000)).rejects.toMatchObject({
      code: 'ssh.unreachable',
      message: expect.stringMatching(/no SSH to i-0abc \(admin@127\.0\.0\.9:2222\).*Permission denied/),
    });
  });

  it('never connects without a pin', async () => {
    output = ['no keys here'];
    await fakes.put('ssh', 'record();');
    await expect(hosts.waitReachable(host, 300)).rejects.toMatchObject({
      code: 'ssh.unreachable',
      message: expect.stringContaining('has not printed its SSH host keys'),
    });
    await expect(hosts.run(host, ['true'])).rejects.toMatchObject({ code: 'ssh.unreachable' });
    expect(await fakes.calls('ssh')).toEqual([]);
  });
});

it('configured known_hosts lines are used unchanged', async () => {
  hosts = make({ hostKeys: [`[127.0.0.9]:2222 ${key('C')}`] });
  await fakes.put('ssh', 'record();');
  await hosts.run(host, ['true']);
  const [{ argv }] = (await fakes.calls('ssh')) as [{ argv: string[] }];
  expect(option(argv, 'HostKeyAlias')).toBeUndefined();
  expect(await readFile(join(runDir, 'i-0abc.known_hosts'), 'utf8')).toBe(`[127.0.0.9]:2222 ${key('C')}\n`);
});

it('a single command opens no shared connection, and has none to close', async () => {
  await fakes.put('ssh', 'record();');
  await hosts.run(host, ['true'], { once: true });
  const [{ argv }] = (await fakes.calls('ssh')) as [{ argv: string[] }];
  expect(option(argv, 'ControlMaster')).toBe('no');
  expect(option(argv, 'ControlPath')).toBe('none');
  expect(option(argv, 'ControlPersist')).toBeUndefined();
  expect(option(argv, 'StrictHostKeyChecking')).toBe('yes');
  await hosts.close();
  expect(await fakes.calls('ssh')).toHaveLength(1);
});

it('forget closes the shared connection and removes the pin', async () => {
  await fakes.put('ssh', 'record();');
  await hosts.run(host, ['true']);
  await hosts.forget(host);
  const last = (await fakes.calls('ssh')).at(-1)?.argv ?? [];
  expect(last.slice(-4)).toEqual(['-O', 'exit', '--', '127.0.0.9']);
  expect(existsSync(join(runDir, 'i-0abc.known_hosts'))).toBe(false);
  output = [consoleWith('D')];
  await hosts.run(host, ['true']);
  expect(await readFile(join(runDir, 'i-0abc.known_hosts'), 'utf8')).toContain('DDDD');
});

it('control sockets in a deep folder are short enough for ssh', async () => {
  runDir = join(runDir, 'deep/'.repeat(20));
  hosts = make();
  await fakes.put('ssh', 'record();');
  await hosts.run(host, ['true']);
  const [{ argv }] = (await fakes.calls('ssh')) as [{ argv: string[] }];
  expect(option(argv, 'ControlPath')?.length).toBeLessThanOrEqual(90);
  await hosts.close();
  expect(existsSync(join(option(argv, 'ControlPath') ?? '', '..'))).toBe(false);
  runDir = runDir.slice(0, runDir.indexOf('/deep'));
});
