import { execFileSync } from 'node:child_process';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Fleet } from '../../src/config/settings.ts';
import { createHosts } from '../../src/hosts/index.ts';
import type { Hosts, ReleaseVariables } from '../../src/hosts/types.ts';
import { type Machine, Machines } from './support/machines.ts';

let machines: Machines;
let jump: Machine;
let machine: Machine;
let jumpKey: string;
let open: Hosts[] = [];
let runs = 0;

beforeAll(async () => {
  machines = await Machines.create();
  [jump, machine] = await Promise.all([machines.boot(31), machines.boot(32)]);
  // The jump host lets in another key than the hosts do.
  jumpKey = join(machines.folder, 'jump key');
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', jumpKey]);
  await writeFile(join(jump.root, 'root/.ssh/authorized_keys'), await readFile(`${jumpKey}.pub`));
});
afterAll(() => machines?.close());
afterEach(async () => {
  await Promise.all(open.map((hosts) => hosts.close()));
  open = [];
});

/** The way to machines with settings of ssh over those of the local cloud. */
function reach(ssh: Partial<Fleet['ssh']>): Hosts {
  const { user, port, key, folder, clock } = machines;
  const hosts = createHosts({
    ssh: { user, port, privateKey: key, hostKeys: 'console', become: false, ...ssh },
    region: 'eu-west-1',
    projectDir: folder,
    // A name with what a shell and ssh would read.
    runDir: join(folder, `r %h'${runs++}`),
    consoleOutput: (id) => machines.driver.consoleOutput(id),
    clock,
  });
  open.push(hosts);
  return hosts;
}

const through = (own: Partial<NonNullable<Fleet['ssh']['proxyJump']>> = {}) => ({
  proxyJump: {
    to: `${machines.user}@${jump.address}:${machines.port}`,
    hostKeys: jump.hostKeys.map((line) => `bastion.example.org ${line} root@bastion`),
    privateKey: jumpKey,
    ...own,
  },
});

/** A play that fails when it is not on the machine that is meant. */
async function play(hosts: Hosts): Promise<string[]> {
  const file = join(machines.folder, 'where.yml');
  await writeFile(
    file,
    `- hosts: all
  gather_facts: false
  tasks:
    - {name: Write, ansible.builtin.copy: {content: "{{ release_version }}", dest: /root/played}}
    - {name: Ask, ansible.builtin.command: hostname, register: name, failed_when: name.stdout != 'ip-32'}
`,
  );
  const tasks: string[] = [];
  const variables: ReleaseVariables = {
    release_action: 'stage',
    release_app: 'api',
    release_version: `v${runs}`,
    release_commit: 'abcdef0',
    release_port: 1,
    release_staging_port: 2,
    release_health_path: '/health',
    release_keep: 1,
  };
  await hosts.play(machine, file, variables, { timeoutMs: 60_000, onTask: ({ name }) => tasks.push(name) });
  expect(await readFile(join(machine.root, 'root/played'), 'utf8')).toBe(`v${runs}`);
  return tasks;
}

describe('a connection through a jump host', () => {
  it('runs commands and plays, over one connection to the jump host', async () => {
    const hosts = reach(through());
    await hosts.waitReachable(machine, 20_000);
    expect(await hosts.run(machine, ['hostname'])).toBe('ip-32');
    expect(await hosts.run(machine, ['hostname'], { once: true })).toBe('ip-32');
    expect(await play(hosts)).toEqual(['Write', 'Ask']);
    await hosts.forget(machine);
    expect(
      await Promise.all(Array.from({ length: 8 }, () => hosts.run(machine, ['hostname'], { once: true }))),
    ).toEqual(Array(8).fill('ip-32'));
    const processes = JSON.parse(await readFile(join(jump.root, '../processes.json'), 'utf8')) as unknown[];
    // The two of the machine, and our one connection.
    expect(processes).toHaveLength(3);
  });

  it('refuses a jump host with another key at once, for every command', async () => {
    const hosts = reach(through({ hostKeys: machine.hostKeys }));
    const said = `the jump host ${machines.user}@${jump.address}:2222 has another host key than ssh.proxyJump.hostKeys says`;
    await expect(hosts.waitReachable(machine, 20_000)).rejects.toMatchObject({
      code: 'ssh.no-way',
      message: expect.stringContaining(said),
    });
    await expect(hosts.run(machine, ['hostname'])).rejects.toMatchObject({
      code: 'ssh.failed',
      message: expect.stringContaining(said),
    });
    await expect(play(hosts)).rejects.toMatchObject({
      code: 'ansible.unreachable',
      message: expect.stringContaining(said),
    });
  });

  it('reports when the jump host refuses the key, is down, or does not forward', async () => {
    await expect(reach(through({ privateKey: machines.key })).waitReachable(machine, 20_000)).rejects.toMatchObject({
      message: expect.stringContaining(`refuses the key ${machines.key}`),
    });
    const down = `${machines.user}@${jump.address}:2223`;
    await expect(reach(through({ to: down })).waitReachable(machine, 1500)).rejects.toMatchObject({
      code: 'ssh.unreachable',
      message: expect.stringMatching(new RegExp(`the jump host ${down} cannot be reached: .*Connection refused`)),
    });
    const beyond = reach({ ...through(), port: 2223 });
    await expect(beyond.waitReachable(machine, 1500)).rejects.toMatchObject({
      message: expect.stringMatching(/the jump host \S+ does not get through to 127\.\S+:2223: .*/),
    });
    // The host's own key is still what counts behind it.
    const other = reach({ ...through(), hostKeys: jump.hostKeys.map((key) => `[${machine.address}]:2222 ${key}`) });
    await expect(other.waitReachable(machine, 1500)).rejects.toMatchObject({
      message: expect.stringMatching(/no SSH to \S+ .*: .*(Host key|IDENTIFICATION|@@@)/),
    });
  });
});

describe('a connection by Session Manager', () => {
  const path = process.env.PATH;
  let calls: string;

  /** An `aws` that does what the real one does once a session is open: what comes in goes to the port of the instance. */
  async function fakeAws(body: string): Promise<void> {
    const bin = join(machines.folder, 'bin');
    await mkdir(bin, { recursive: true });
    calls = join(machines.folder, 'aws.calls');
    await writeFile(calls, '');
    const head = `#!${process.execPath}\nconst argv = process.argv.slice(2);
require('node:fs').appendFileSync(${JSON.stringify(calls)}, JSON.stringify(argv) + '\\n');\n`;
    await writeFile(join(bin, 'aws'), `${head}${body}\n`);
    await chmod(join(bin, 'aws'), 0o755);
    process.env.PATH = `${bin}${delimiter}${path}`;
  }
  afterEach(() => {
    process.env.PATH = path;
  });
  // Nobody answers at this address: only the session leads to the machine.
  const host = () => ({ instanceId: machine.instanceId, address: '127.254.254.254' });

  it('runs commands and plays', async () => {
    await fakeAws(`const port = Number(argv[argv.indexOf('--parameters') + 1].split('=')[1]);
const socket = require('node:net').connect(port, ${JSON.stringify(machine.address)});
process.stdin.pipe(socket); socket.pipe(process.stdout); socket.on('close', () => process.exit(0));`);
    const hosts = reach({ via: 'ssm' });
    await hosts.waitReachable(host(), 20_000);
    expect(await hosts.run(host(), ['hostname'])).toBe('ip-32');
    const kept = machine;
    machine = { ...machine, ...host() };
    expect(await play(hosts)).toEqual(['Write', 'Ask']);
    machine = kept;
    const argv = (await readFile(calls, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as string[]);
    // One session for all of it.
    expect(argv).toEqual([
      ['ssm', 'start-session', '--target', machine.instanceId, '--document-name', 'AWS-StartSSHSession'].concat([
        '--parameters',
        'portNumber=2222',
        '--region',
        'eu-west-1',
      ]),
    ]);
  });

  it('reports why there is no session', async () => {
    await fakeAws(
      `console.error('\\nSessionManagerPlugin is not found. Please refer to SessionManager Documentation here'); process.exit(255);`,
    );
    await expect(reach({ via: 'ssm' }).waitReachable(host(), 20_000)).rejects.toMatchObject({
      code: 'ssh.no-way',
      message: `no SSH to ${machine.instanceId}: the session-manager-plugin of the AWS CLI was not found on this computer`,
    });
    await fakeAws(
      `console.error('\\nAn error occurred (TargetNotConnected) when calling the StartSession operation: x is not connected.'); process.exit(254);`,
    );
    await expect(reach({ via: 'ssm' }).waitReachable(host(), 1500)).rejects.toMatchObject({
      code: 'ssh.unreachable',
      message: expect.stringContaining(`the SSM agent of ${machine.instanceId} is not connected`),
    });
    await fakeAws(
      `console.error('\\nAn error occurred (AccessDeniedException) when calling the StartSession operation: no'); process.exit(254);`,
    );
    await expect(reach({ via: 'ssm' }).run(host(), ['true'])).rejects.toMatchObject({
      message: expect.stringContaining('An error occurred (AccessDeniedException)'),
    });
  });
});
