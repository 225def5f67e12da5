import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

const programs = [
  'git',
  'haproxy',
  'bwrap',
  'sshd',
  'ssh',
  'ssh-keygen',
  'ansible-playbook',
  'runsvdir',
  'sv',
  'zstd',
  'nsenter',
];

/** A clone with nothing but the script, and folders for programs that do nothing or note their arguments. */
let clone = '';
beforeEach(async () => {
  clone = mkdtempSync(join(tmpdir(), 'setup-'));
  for (const folder of ['scripts', 'bin', 'sbin', 'node_modules', 'dist']) mkdirSync(join(clone, folder));
  await cp('scripts/setup.mjs', join(clone, 'scripts', 'setup.mjs'));
  for (const name of programs) program(name === 'sshd' || name === 'haproxy' ? 'sbin' : 'bin', name);
  // In the order of a set-up: the lock file is the oldest, the bundle the newest.
  for (const file of ['package-lock.json', 'scripts/build.mjs', 'node_modules/.package-lock.json', 'dist/cli.js']) {
    writeFileSync(join(clone, file), '');
  }
});
afterEach(() => rmSync(clone, { recursive: true, force: true }));

function program(folder: 'bin' | 'sbin', name: string, body = 'exit 0'): void {
  writeFileSync(join(clone, folder, name), `#!/bin/sh\n${body}\n`);
  chmodSync(join(clone, folder, name), 0o755);
}

function setup(...flags: string[]): Promise<{ code: number; out: string; err: string; ms: number }> {
  const started = performance.now();
  const env = { PATH: join(clone, 'bin'), SETUP_SYSTEM_PATH: join(clone, 'sbin') };
  return new Promise((resolve) => {
    execFile(process.execPath, [join(clone, 'scripts/setup.mjs'), ...flags], { env }, (error, out, err) => {
      resolve({ code: error ? Number(error.code) : 0, out, err, ms: performance.now() - started });
    });
  });
}

test('setup prints nothing and is quick with everything in place, and finds programs in /usr/sbin', async () => {
  const done = await setup();
  expect(done).toMatchObject({ code: 0, out: '', err: '' });
  expect(done.ms).toBeLessThan(1000);
});

test('setup reports what only tests need, and does not stop for it', async () => {
  const done = await setup('--check', '--with-tests');
  expect(done).toMatchObject({ code: 0, out: '' });
  const fix = 'sudo apt-get install --no-install-recommends packer';
  expect(done.err).toContain(`setup: missing program: packer (only tests need it; ${fix})`);
});

test('setup with --check names the missing programs and the Debian packages that have them, each once', async () => {
  for (const name of ['bin/ssh', 'bin/ssh-keygen', 'sbin/sshd', 'bin/bwrap']) rmSync(join(clone, name));
  expect(await setup('--check')).toMatchObject({
    code: 2,
    err:
      'error: missing programs: bwrap, sshd, ssh, ssh-keygen\n' +
      'fix: sudo apt-get install --no-install-recommends bubblewrap openssh-server openssh-client\n',
  });
});

test('setup without apt-get says what to install', async () => {
  rmSync(join(clone, 'bin/zstd'));
  expect(await setup()).toMatchObject({
    code: 2,
    err: 'error: missing program: zstd\nfix: install what Debian calls: zstd\n',
  });
});

test.each([
  ['npm packages', 'node_modules/.package-lock.json', 'the npm packages are missing or old'],
  ['bundle', 'dist/cli.js', 'the build is missing or old'],
])('setup finds a missing %s', async (_, file, message) => {
  rmSync(join(clone, file));
  expect(await setup('--check')).toMatchObject({ code: 2, err: expect.stringContaining(message) });
});

test('setup runs npm ci when the lock file is newer, and reports its failure', async () => {
  rmSync(join(clone, 'node_modules/.package-lock.json'));
  program('bin', 'npm', 'echo "npm $*" >&2; exit 1');
  const { code, err } = await setup();
  expect(code).toBe(2);
  expect(err).toMatch(
    /^setup: installing npm packages \(npm ci\)\nnpm ci --no-audit --no-fund --loglevel=error\nerror: npm ci failed\nfix: /,
  );
});

test('setup refuses an unknown option', async () => {
  expect(await setup('--whith-tests')).toMatchObject({
    code: 2,
    err: expect.stringContaining('unknown option "--whith-tests"'),
  });
});

test('setup installs missing Debian packages without recommendations and without starting their services', async () => {
  const log = join(clone, 'log');
  for (const name of ['sv', 'runsvdir']) rmSync(join(clone, 'bin', name));
  const note = (name: string) => `echo "${name} $*" >> ${log}`;
  // Fakes all the way down: the computer that runs this test must stay as it is.
  program('bin', 'sudo', `[ "$1" = -n ] && shift\nexec "$@"`);
  program('bin', 'env', `${note('env')}\nwhile case $1 in *=*) true;; *) false;; esac; do shift; done\nexec "$@"`);
  program('bin', 'install', note('install'));
  program('bin', 'rm', note('rm'));
  program('bin', 'true');
  program(
    'bin',
    'apt-get',
    `${note('apt-get')}\ncase "$*" in *install*) for p in sv runsvdir; do printf '#!/bin/sh\\n' > ${clone}/bin/$p; /bin/chmod +x ${clone}/bin/$p; done;; esac`,
  );
  const { code, err } = await setup();
  expect(code, err).toBe(0);
  expect(err).toBe(
    'setup: missing programs: runsvdir, sv; installing Debian packages runit (their services are not started)\n',
  );
  const calls = readFileSync(log, 'utf8').split('\n');
  expect(calls).toContain('apt-get -qq update');
  expect(calls).toContain('apt-get -qq install --yes --no-install-recommends -o Dpkg::Use-Pty=0 runit');
  expect(calls).toContain(
    'env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get -qq install --yes --no-install-recommends -o Dpkg::Use-Pty=0 runit',
  );
  // A policy-rc.d of the instance's own is left alone; otherwise ours is there for the installation only.
  const policy = calls.filter((line) => line.endsWith('/usr/sbin/policy-rc.d')).map((line) => line.split(' ')[0]);
  expect(policy).toEqual(existsSync('/usr/sbin/policy-rc.d') ? [] : ['install', 'rm']);
});
