import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@golden-pipeline/shared/clock';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHosts } from '../../src/hosts/index.ts';
import { lines } from '../../src/hosts/streams.ts';
import type { Hosts } from '../../src/hosts/types.ts';
import { fakePrograms } from './support/fake-programs.ts';

const key = `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${'A'.repeat(43)}`;
const host = { instanceId: 'i-0abc', address: '127.0.0.9' };
let fakes: Awaited<ReturnType<typeof fakePrograms>>;
let folder: string;
let hosts: Hosts;

beforeEach(async () => {
  fakes = await fakePrograms();
  folder = await mkdtemp(join(tmpdir(), 'gp-run-'));
  hosts = createHosts({
    ssh: { user: 'admin', port: 22, privateKey: '/keys/k', hostKeys: [`127.0.0.9 ${key}`], become: false },
    projectDir: '/project',
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

describe('a program that is read while it runs', () => {
  it('gets its input, which stays open, and gives its lines and exit code', async () => {
    await fakes.put(
      'ssh',
      `record(); let open = true; process.stdin.on('end', () => { open = false; });
       process.stdin.once('data', (data) => { console.log('got ' + data); process.stdout.write('é'.repeat(3) + '\\nlast');
         console.error('why'); setTimeout(() => { console.log(open ? '' : 'closed'); process.exit(3); }, 50); });`,
    );
    const seen: string[] = [];
    const end = await hosts.stream(host, ['cat', 'a b'], { input: 'hello', onLine: (line) => void seen.push(line) });
    expect(end).toEqual({ exitCode: 3, stderr: 'why\n' });
    expect(seen).toEqual(['got hello', 'ééé', 'last']);
    const [{ argv }] = (await fakes.calls('ssh')) as [{ argv: string[] }];
    expect(argv.at(-1)).toBe(`cat 'a b'`);
    expect(argv).toContain('StrictHostKeyChecking=yes');
    expect(argv).toContain('ControlMaster=no');
  });

  it('is ended by the signal', async () => {
    await fakes.put('ssh', `console.log('ready'); setInterval(() => {}, 1000);`);
    const stop = new AbortController();
    expect(await hosts.stream(host, ['x'], { signal: stop.signal, onLine: () => stop.abort() })).toBeUndefined();
  });

  it.each([
    ['ssh: connect to host 127.0.0.9 port 22: Connection refused', 'ssh.unreachable'],
    ['Connection to 127.0.0.9 closed by remote host.', 'ssh.unreachable'],
  ])('says that the host was not reached, or was lost: %s', async (words, code) => {
    await fakes.put('ssh', `console.error(${JSON.stringify(words)}); process.exit(255);`);
    await expect(hosts.stream(host, ['x'], { onLine: () => undefined })).rejects.toMatchObject({
      code,
      message: `no SSH to i-0abc: ${words}`,
    });
  });

  it('may exit with 255 itself', async () => {
    await fakes.put('ssh', `console.error('PHP Fatal error'); process.exit(255);`);
    expect(await hosts.stream(host, ['x'], { onLine: () => undefined })).toMatchObject({ exitCode: 255 });
  });
});

it('an attached program has a terminal only where one is wanted', async () => {
  await fakes.put('ssh', `record(); process.exit(4);`);
  expect(await hosts.attach(host, ['top'], { terminal: true })).toEqual({ exitCode: 4 });
  expect(await hosts.attach(host, ['ls'], { terminal: false })).toEqual({ exitCode: 4 });
  const calls = await fakes.calls('ssh');
  expect(calls.map(({ argv }) => [argv.includes('-t'), argv.includes('-T')])).toEqual([
    [true, false],
    [false, true],
  ]);
});

it('a line that never ends is handed on in parts', async () => {
  async function* chunks() {
    for (let count = 0; count < 25; count++) yield Buffer.alloc(10, 'x');
    yield Buffer.from('\nend');
  }
  const seen: string[] = [];
  for await (const line of lines(chunks(), 100)) seen.push(line);
  expect(seen.map((line) => line.length)).toEqual([100, 100, 50, 3]);
});
