import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readlink, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const files = new URL('../../ansible/roles/release/files/', import.meta.url).pathname;
const run = promisify(execFile);
let root: string;

const python = (file: string, ...argv: string[]) =>
  run('python3', [join(files, file), ...argv]).then(
    ({ stdout }) => ({ code: 0, stdout: stdout.trim(), stderr: '' }),
    (error: { code: number; stderr: string }) => ({ code: error.code, stdout: '', stderr: error.stderr }),
  );

/** A complete environment; `age` in seconds. */
async function release(version: string, age = 0): Promise<void> {
  const folder = join(root, 'releases', version);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'release.json'), JSON.stringify({ version }));
  const then = Date.now() / 1000 - age;
  await utimes(join(folder, 'release.json'), then, then);
}
const left = async () => (await readdir(join(root, 'releases'))).sort();

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'gp-release-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

describe('switch.py', () => {
  it('points current at a version and records the previous one', async () => {
    await release('v1');
    await release('v2');
    expect(JSON.parse((await python('switch.py', root, 'v1')).stdout)).toEqual({ changed: true, previous: null });
    expect(JSON.parse((await python('switch.py', root, 'v2')).stdout)).toEqual({ changed: true, previous: 'v1' });
    expect(JSON.parse((await python('switch.py', root, 'v2')).stdout)).toEqual({ changed: false, previous: 'v2' });
    expect(await readlink(join(root, 'current'))).toBe('releases/v2');
    expect(await readlink(join(root, 'previous'))).toBe('releases/v1');
  });

  it('goes back without recording the version that is about to be removed', async () => {
    await release('v1');
    await release('v2');
    await python('switch.py', root, 'v1');
    await python('switch.py', root, 'v2');
    await python('switch.py', root, 'v1', '--forget');
    expect((await readdir(root)).sort()).toEqual(['current', 'releases']);
    await python('switch.py', root, '', '--forget');
    expect(await readdir(root)).toEqual(['releases']);
  });

  it('refuses an incomplete environment', async () => {
    await mkdir(join(root, 'releases/v1'), { recursive: true });
    expect(await python('switch.py', root, 'v1')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('stage it first'),
    });
  });

  it('continues after a switch that was interrupted', async () => {
    await release('v1');
    await symlink('releases/v0', join(root, 'current.new'));
    expect((await python('switch.py', root, 'v1')).code).toBe(0);
    expect(await readlink(join(root, 'current'))).toBe('releases/v1');
  });
});

describe('switch.py --dry-run', () => {
  it('prints what it would change and changes nothing, also before there is an environment', async () => {
    expect(JSON.parse((await python('switch.py', root, 'v1', '--dry-run')).stdout)).toEqual({
      changed: true,
      previous: null,
    });
    expect(await readdir(root)).toEqual([]);
    await release('v1');
    await python('switch.py', root, 'v1');
    expect(JSON.parse((await python('switch.py', root, 'v1', '--dry-run')).stdout)).toMatchObject({ changed: false });
    expect(JSON.parse((await python('switch.py', root, '', '--forget', '--dry-run')).stdout)).toMatchObject({
      changed: true,
    });
    expect(await readlink(join(root, 'current'))).toBe('releases/v1');
  });
});

describe.each(['systemd', 'runit'])('started.py with %s', (init) => {
  let runs: boolean;
  /** Programs of the init that know one thing: whether the service runs. */
  const started = async (action: string) => {
    const bin = join(root, 'fake');
    await mkdir(bin, { recursive: true });
    await writeFile(join(bin, 'systemctl'), `#!/bin/sh\nexit ${runs ? 0 : 3}\n`, { mode: 0o755 });
    await writeFile(join(bin, 'sv'), `#!/bin/sh\necho '${runs ? 'run' : 'down'}: api: (pid 7) 3s'\n`, { mode: 0o755 });
    const argv = [join(files, 'started.py'), action, root, init, 'api', join(root, 'unit'), join(root, 'absent')];
    const env = { ...process.env, PATH: `${bin}:${process.env.PATH}` };
    return (await run('python3', argv, { env })).stdout.trim();
  };

  it('requests a start when the service does not run, its files have changed or another environment is current', async () => {
    const changed = 'it was not started from what is there now';
    runs = true;
    await release('v1');
    await release('v2');
    await writeFile(join(root, 'unit'), 'one');
    await python('switch.py', root, 'v1');
    expect(await started('ask')).toBe(changed);
    await started('note');
    expect(await started('ask')).toBe('yes');
    runs = false;
    expect(await started('ask')).toBe('it does not run');
    runs = true;
    await writeFile(join(root, 'unit'), 'two');
    expect(await started('ask')).toBe(changed);
    await started('note');
    await python('switch.py', root, 'v2');
    expect(await started('ask')).toBe(changed);
    // Back where it was noted: the process that runs may still be the other's.
    await python('switch.py', root, 'v1');
    expect(await started('ask')).toBe(changed);
  });
});

describe('prune.py', () => {
  it('keeps the newest, counting current and previous among them', async () => {
    for (const [version, age] of [
      ['v1', 50],
      ['v2', 40],
      ['v3', 30],
      ['v10', 20],
    ] as const)
      await release(version, age);
    await symlink('releases/v10', join(root, 'current'));
    await symlink('releases/v3', join(root, 'previous'));
    expect((await python('prune.py', root, '3')).stdout).toBe('v1');
    expect(await left()).toEqual(['v10', 'v2', 'v3']);
    expect((await python('prune.py', root, '3')).stdout).toBe('');
  });

  it('never removes current or previous, however old and however few are kept', async () => {
    for (const [version, age] of [
      ['v1', 50],
      ['v2', 40],
      ['v3', 30],
    ] as const)
      await release(version, age);
    await symlink('releases/v1', join(root, 'current'));
    await symlink('releases/v2', join(root, 'previous'));
    await python('prune.py', root, '1');
    expect(await left()).toEqual(['v1', 'v2']);
  });

  it('removes unfinished environments first, and ignores a dangling link', async () => {
    await mkdir(join(root, 'releases/v9'), { recursive: true });
    await release('v1', 50);
    await release('v2', 40);
    await symlink('releases/v2', join(root, 'current'));
    await symlink('releases/v0', join(root, 'previous'));
    expect((await python('prune.py', root, '2')).stdout).toBe('v9');
  });
});

describe('health.py', () => {
  let server: Server;
  let status: number;
  let port: string;
  beforeEach(async () => {
    status = 200;
    server = createServer((request, response) =>
      response.writeHead(request.url === '/health' ? status : 404).end('{"why":"x"}'),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = String((server.address() as AddressInfo).port);
  });
  afterEach(() => void server.close());

  const health = (...extra: string[]) =>
    python(
      'health.py',
      ...['--port', port, '--path=/health', '--timeout=0.3', `--instance-env=${join(root, 'instance.env')}`],
      ...[`--log=${join(root, 'log')}`, ...extra],
    );

  it('accepts 200 on the address in the instance file', async () => {
    expect((await health()).code).toBe(0);
    await writeFile(join(root, 'instance.env'), 'INSTANCE_ID=i-1\nHOST=127.0.0.1\n');
    expect((await health()).code).toBe(0);
    await writeFile(join(root, 'instance.env'), 'HOST=127.0.0.2\n');
    expect(await health()).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`http://127.0.0.2:${port}/health: Connection refused`),
    });
  });

  it('shows the status and the last output of the app', async () => {
    status = 503;
    await writeFile(join(root, 'log'), `${Array.from({ length: 50 }, (_, i) => `line ${i}`).join('\n')}\n`);
    const { stderr } = await health();
    expect(stderr).toContain('not healthy after 0.3 s');
    expect(stderr).toContain('status 503 {"why":"x"}');
    expect(stderr.trim().split('\n').slice(1)).toEqual(Array.from({ length: 12 }, (_, i) => `line ${i + 38}`));
  });

  it('does not wait for a process that has exited', async () => {
    status = 503;
    await writeFile(join(root, 'pid'), '999999999');
    const { stderr } = await health(`--pid-file=${join(root, 'pid')}`, '--timeout=60');
    expect(stderr).toContain('it exited before it was healthy');
  });

  it('shows the last lines of the journal for a service that logs there', async () => {
    status = 503;
    const bin = join(root, 'bin');
    await mkdir(bin, { recursive: true });
    await writeFile(join(bin, 'journalctl'), '#!/bin/sh\necho "from the journal: $*"\n', { mode: 0o755 });
    const before = process.env.PATH;
    process.env.PATH = `${bin}:${before}`;
    try {
      expect((await health('--journal=api')).stderr).toContain('from the journal: --unit=api --lines=12');
    } finally {
      process.env.PATH = before;
    }
  });

  it('does not wait for a unit that has stopped, and waits for one that is starting', async () => {
    status = 503;
    const bin = join(root, 'bin');
    await mkdir(bin, { recursive: true });
    const systemctl = (state: string) =>
      writeFile(join(bin, 'systemctl'), `#!/bin/sh\necho ${state}; exit 3\n`, { mode: 0o755 });
    const before = process.env.PATH;
    process.env.PATH = `${bin}:${before}`;
    try {
      await systemctl('failed');
      expect((await health('--unit=api-staging.service', '--timeout=60')).stderr).toContain('it exited before');
      await systemctl('activating');
      expect((await health('--unit=api-staging.service')).stderr).toContain('not healthy after 0.3 s');
    } finally {
      process.env.PATH = before;
    }
  });

  it.each([
    'Error: listen EADDRINUSE: address already in use 0.0.0.0:3000',
    'OSError: [Errno 98] Address already in use',
    'Port 5000 is in use by another program.',
    'Web server failed to start. Port 8080 was already in use.',
    'nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)',
  ])('recognizes "%s" as a port in use, only beside a version that serves', async (line) => {
    status = 503;
    await writeFile(join(root, 'log'), `${line}\n`);
    expect((await health(`--beside=${root}`)).stderr).toContain(`environment variable PORT, which is ${port}`);
    expect((await health()).stderr).not.toContain('environment variable PORT');
  });

  it('requires that the right release is current', async () => {
    await release('v1');
    await symlink('releases/v1', join(root, 'current'));
    const current = `--current=${join(root, 'current')}`;
    expect((await health(current, '--version=v1')).code).toBe(0);
    expect((await health(current, '--version=v2')).stderr).toContain('current is v1, not v2');
  });
});
