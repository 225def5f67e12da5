import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Fleet } from '../../src/config/settings.ts';
import { jumpKnownHosts, parseJump } from '../../src/hosts/jump-host.ts';
import { createProxy, sessionCommand } from '../../src/hosts/proxy.ts';

const key = `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${'A'.repeat(43)}`;
const host = { instanceId: 'i-0abc', address: '10.0.0.7' };
const ssh: Fleet['ssh'] = { user: 'admin', port: 2222, privateKey: '/keys/k', hostKeys: 'console', become: true };
const proxyJump = {
  to: 'ops@bastion.example.org:2200',
  hostKeys: [`bastion ${key} root@b`],
  privateKey: "/keys/it's 5%",
};

let runDir: string;
beforeEach(async () => {
  runDir = await mkdtemp(join(tmpdir(), 'gp-proxy-'));
});
afterEach(() => rm(runDir, { recursive: true, force: true }));

const create = (own: Partial<Fleet['ssh']>, region?: string) =>
  createProxy({ ...ssh, ...own }, region, { runDir, sockets: '/sockets' });

/** The words of a ProxyCommand as the shell of ssh reads them, once ssh has filled in what starts with `%`. */
async function words(options: string[]): Promise<string[]> {
  expect(options).toHaveLength(2);
  expect(options[0]).toBe('-o');
  const command = options[1]?.replace(/^ProxyCommand=/, '') ?? '';
  const expanded = command.replaceAll(
    /%[%hp]/g,
    (token) => ({ '%%': '%', '%h': '10.0.0.7', '%p': '2222' })[token] ?? '',
  );
  const { stdout } = await execa('sh', ['-c', `printf '%s\\n' ${expanded.replace(/ 2>.*/, '')}`]);
  return stdout.split('\n');
}

it('a direct connection adds no SSH options', async () => {
  const proxy = create({ via: 'direct' });
  expect(proxy.options(host)).toEqual([]);
  expect(await proxy.problem(host)).toBeUndefined();
});

describe('a jump host', () => {
  it('is reached with its own key, user, port and pins, and by no other ssh configuration', async () => {
    const proxy = create({ proxyJump });
    const argv = await words(proxy.options(host));
    expect(argv.slice(0, 3)).toEqual(['ssh', '-E', join(runDir, 'i-0abc.way.log')]);
    for (const option of [
      'StrictHostKeyChecking=yes',
      'BatchMode=yes',
      'HostKeyAlias=golden-pipeline-jump',
      'IdentitiesOnly=yes',
      `IdentityFile="/keys/it's 5%%"`,
      `UserKnownHostsFile="${join(runDir, 'jump.known_hosts')}"`,
      'GlobalKnownHostsFile=/dev/null',
      'ControlPath="/sockets/jump"',
      'ConnectTimeout=5',
    ]) {
      expect(argv).toContain(option);
    }
    const rest = ['-l', 'ops', '-p', '2200', '-W', '[10.0.0.7]:2222', '--', 'bastion.example.org'];
    expect(argv.slice(argv.indexOf('-l'))).toEqual(rest);
    expect(await readFile(join(runDir, 'jump.known_hosts'), 'utf8')).toBe(`golden-pipeline-jump ${key}\n`);
    expect((await stat(join(runDir, 'jump.known_hosts'))).mode & 0o777).toBe(0o600);
    expect(proxy.exitArguments?.slice(-4)).toEqual(['-O', 'exit', '--', 'bastion.example.org']);
  });

  it.each([
    ['Host key verification failed.', 'has another host key than ssh.proxyJump.hostKeys says', true],
    ['No ED25519 host key is known for golden-pipeline-jump and you', 'has another host key', true],
    [
      'ops@bastion: Permission denied (publickey).',
      "refuses the key /keys/it's 5%: ops@bastion: Permission denied",
      true,
    ],
    [
      'channel 0: open failed: connect failed: Connection timed out',
      'does not get through to 10.0.0.7:2222: channel',
      false,
    ],
    ['ssh: connect to host bastion port 2200: Connection refused', 'cannot be reached: ssh: connect to host', false],
  ])('explains %j', async (line, message, persistent) => {
    const proxy = create({ proxyJump });
    await writeFile(join(runDir, 'i-0abc.way.log'), `${line}\r\n`);
    expect(await proxy.problem(host)).toEqual({ message: expect.stringContaining(message), persistent });
    await proxy.begin(host);
    expect(await proxy.problem(host)).toBeUndefined();
  });

  it.each([
    'bastion',
    'ops@',
    '@bastion',
    'ops@-x',
    'ops@a b',
    'ops@[bastion]',
    'ops@a:0',
    'ops@a:99999',
    '-o x@a',
    'ops@a:22:22',
  ])('does not accept %j', (to) => expect(() => parseJump(to)).toThrow(expect.objectContaining({ outcome: 'usage' })));

  it('may be an IPv6 address', () => {
    expect(parseJump('ops@[2001:db8::1]:2200')).toEqual({ user: 'ops', host: '2001:db8::1', port: 2200 });
    expect(parseJump('ops@bastion')).toEqual({ user: 'ops', host: 'bastion', port: 22 });
  });

  it.each([[[]], [['bastion']], [[`@cert-authority * ${key}`]], [[`@revoked * ${key}`]]])(
    'does not accept the keys %j',
    (lines) => expect(() => jumpKnownHosts(lines)).toThrow(expect.objectContaining({ code: 'ssh.bad-jump' })),
  );
});

describe('a session of Session Manager', () => {
  it('is opened to the instance with exactly these arguments', async () => {
    const argv = [
      ...['aws', 'ssm', 'start-session', '--target', 'i-0abc', '--document-name', 'AWS-StartSSHSession'],
      ...['--parameters', 'portNumber=2222', '--region', 'eu-west-1'],
    ];
    expect(sessionCommand(host, 2222, 'eu-west-1')).toEqual(argv);
    expect(sessionCommand(host, 2222)).toEqual(argv.slice(0, -2));
    const [, option] = create({ via: 'ssm' }, 'eu-west-1').options(host);
    expect(option).toBe(`ProxyCommand=${argv.join(' ')} 2>${join(runDir, 'i-0abc.way.log')}`);
    expect(await words(create({ via: 'ssm' }, 'eu-west-1').options(host))).toEqual(argv);
  });

  it.each([
    ['SessionManagerPlugin is not found. Please', 'the session-manager-plugin of the AWS CLI was not found', true],
    ['sh: 1: exec: aws: not found', 'the AWS CLI (aws) was not found', true],
    ['An error occurred (TargetNotConnected) when', 'the SSM agent of i-0abc is not connected', false],
    ['An error occurred (AccessDeniedException) when', 'no session: An error occurred (AccessDeniedException)', false],
  ])('explains %j', async (line, message, persistent) => {
    await writeFile(join(runDir, 'i-0abc.way.log'), `\n${line}\n`);
    expect(await create({ via: 'ssm' }).problem(host)).toEqual({
      message: expect.stringContaining(message),
      persistent,
    });
  });
});
