// Makes a fresh clone ready: Node's version, npm packages, Debian packages, the build. Only Node's own modules are used,
// because nothing else may be there yet. Quiet when all is in place.
// Usage: node scripts/setup.mjs [--with-tests] [--check]
//   --with-tests  also what only the tests need (the aws CLI, boto3, Packer, Ansible's collections, Redis)
//   --check       change nothing, only say what is missing
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const minimumNode = [20, 19];

/** Program -> Debian package that holds it. */
const programs = {
  git: 'git',
  haproxy: 'haproxy',
  bwrap: 'bubblewrap',
  sshd: 'openssh-server',
  ssh: 'openssh-client',
  'ssh-keygen': 'openssh-client',
  'ansible-playbook': 'ansible-core',
  runsvdir: 'runit',
  sv: 'runit',
  zstd: 'zstd',
  nsenter: 'util-linux',
};
/** What only tests need; where it is no program, a file that the package brings. */
const testPrograms = {
  '/usr/bin/aws': 'awscli',
  packer: 'packer',
  'redis-server': 'redis-server',
  'carbon-cache': 'graphite-carbon',
  ngircd: 'ngircd',
  '/usr/lib/python3/dist-packages/aiosmtpd/__init__.py': 'python3-aiosmtpd',
  '/usr/lib/python3/dist-packages/boto3/__init__.py': 'python3-boto3',
  '/usr/lib/python3/dist-packages/ansible_collections/amazon/aws/MANIFEST.json': 'ansible',
};

/** A reason to stop that is meant for a person. */
class SetupError extends Error {
  constructor(message, fix) {
    super(message);
    this.fix = fix;
  }
}

const say = (line) => process.stderr.write(`setup: ${line}\n`);

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > minimumNode[0] || (major === minimumNode[0] && minor >= minimumNode[1])) return;
  throw new SetupError(
    `Node ${process.versions.node} is too old`,
    `install Node ${minimumNode.join('.')} or newer, from https://nodejs.org or your distribution`,
  );
}

/** Runs a program with its output on stderr, so that stdout stays free for results. */
function run(program, args, env = {}) {
  const done = spawnSync(program, args, { cwd: root, stdio: ['ignore', 2, 2], env: { ...process.env, ...env } });
  if (done.error) throw new SetupError(`${program} could not be started: ${done.error.message}`, `install ${program}`);
  return done.status;
}

function npmPackages(checkOnly) {
  const installed = join(root, 'node_modules', '.package-lock.json');
  const lock = join(root, 'package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  if (checkOnly) throw new SetupError('the npm packages are missing or old', 'npm run setup');
  say('installing npm packages (npm ci)');
  if (run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']) !== 0) {
    throw new SetupError('npm ci failed', 'its own message is above; it needs the network or a filled npm cache');
  }
}

/** Ordinary users often have no /usr/sbin in their PATH, where sshd and haproxy live. A whole path is looked for as it is. */
function find(program) {
  if (program.startsWith('/')) return existsSync(program);
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  const system = process.env.SETUP_SYSTEM_PATH ?? '/usr/local/sbin:/usr/sbin:/sbin';
  return [...folders, ...system.split(delimiter).filter(Boolean)].some((folder) => {
    try {
      const path = join(folder, program);
      accessSync(path, constants.X_OK);
      return statSync(path).isFile();
    } catch {
      return false;
    }
  });
}

function debianPackages(wanted, checkOnly) {
  const missing = Object.keys(wanted).filter((program) => !find(program));
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((program) => wanted[program]))];
  const lacking = `missing ${missing.length === 1 ? 'program' : 'programs'}: ${missing.join(', ')}`;
  const command = `apt-get install --no-install-recommends ${packages.join(' ')}`;
  if (checkOnly) throw new SetupError(lacking, `sudo ${command}`);
  if (!find('apt-get')) throw new SetupError(lacking, `install what Debian calls: ${packages.join(' ')}`);
  const prefix = asRoot();
  if (!prefix) throw new SetupError(lacking, `sudo ${command}`);
  say(`${lacking}; installing Debian packages ${packages.join(', ')} (their services are not started)`);
  install(packages, prefix, command);
  const still = missing.filter((program) => !find(program));
  if (still.length > 0)
    throw new SetupError(`still missing after the installation: ${still.join(', ')}`, `sudo ${command}`);
}

/** What only tests need is not a reason to stop: those tests say that they are skipped. Not every release of Ubuntu has it. */
function forTests(checkOnly) {
  for (const [program, name] of Object.entries(testPrograms)) {
    try {
      debianPackages({ [program]: name }, checkOnly);
    } catch (error) {
      if (!(error instanceof SetupError)) throw error;
      say(`${error.message} (only tests need it; ${error.fix})`);
    }
  }
}

/** Words to put before a command that needs root: none as root, `sudo -n` when it asks for no password, else undefined. */
function asRoot() {
  if (process.getuid?.() === 0) return [];
  if (find('sudo') && spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0) return ['sudo', '-n'];
  return undefined;
}

/**
 * Installs packages without starting the services they bring (sshd, haproxy, runit): a policy-rc.d that forbids it is there
 * for the length of the installation, unless the computer has one of its own.
 */
function install(packages, prefix, command) {
  const policy = '/usr/sbin/policy-rc.d';
  const guarded = !existsSync(policy);
  // Debian enables these on installation, so they would start at the next boot; whether they should is the user's choice.
  const fresh = packages.filter((name) =>
    ['openssh-server', 'haproxy', 'redis-server', 'graphite-carbon', 'ngircd'].includes(name),
  );
  const call = (program, ...args) =>
    run(prefix[0] ?? program, prefix.length > 0 ? [...prefix.slice(1), program, ...args] : args);
  const apt = (...args) => call('env', 'DEBIAN_FRONTEND=noninteractive', 'RUNLEVEL=1', 'apt-get', '-qq', ...args);
  const folder = mkdtempSync(join(tmpdir(), 'pipeline-setup-'));
  try {
    if (guarded) {
      writeFileSync(
        join(folder, 'policy-rc.d'),
        '#!/bin/sh\n# Put here by the set-up of golden-pipeline while it installs packages.\nexit 101\n',
      );
      if (call('install', '-m', '0755', join(folder, 'policy-rc.d'), policy) !== 0) {
        throw new SetupError('could not keep services from starting', `install by hand: sudo ${command}`);
      }
    }
    if (apt('update') !== 0) say('apt-get update failed; trying with the lists there are');
    if (apt('install', '--yes', '--no-install-recommends', '-o', 'Dpkg::Use-Pty=0', ...packages) !== 0) {
      throw new SetupError(
        'apt-get could not install the packages',
        `its own message is above; by hand: sudo ${command}`,
      );
    }
  } finally {
    if (guarded) call('rm', '-f', policy);
    rmSync(folder, { recursive: true, force: true });
  }
  if (fresh.length > 0 && existsSync('/run/systemd/system'))
    say(`if you do not want them at the next boot: sudo systemctl disable ${fresh.map(unitOf).join(' ')}`);
}

const units = { 'openssh-server': 'ssh', 'graphite-carbon': 'carbon-cache' };
const unitOf = (name) => units[name] ?? name;

/** True when a source is newer than the bundle. */
function stale() {
  const bundle = join(root, 'dist', 'cli.js');
  if (!existsSync(bundle)) return true;
  const built = statSync(bundle).mtimeMs;
  const newer = (path) => statSync(path).mtimeMs > built;
  const sources = ['src', 'infra', 'bench', join('examples', 'demo')]
    .map((folder) => join(root, folder))
    .filter((path) => existsSync(path));
  const files = sources.flatMap((folder) =>
    readdirSync(folder, { recursive: true }).map((name) => join(folder, String(name))),
  );
  return [...files, join(root, 'package-lock.json'), join(root, 'scripts', 'build.mjs')].some(newer);
}

function buildBundles(checkOnly) {
  if (!stale()) return;
  if (checkOnly) throw new SetupError('the build is missing or old', 'npm run build');
  if (run(process.execPath, [join(root, 'scripts', 'build.mjs')]) !== 0) {
    throw new SetupError('the build failed', 'the reason is above');
  }
}

const known = ['--with-tests', '--check'];

function setup(flags) {
  const unknown = flags.find((flag) => !known.includes(flag));
  if (unknown !== undefined)
    throw new SetupError(`unknown option ${JSON.stringify(unknown)}`, `known: ${known.join(', ')}`);
  const checkOnly = flags.includes('--check');
  checkNode();
  debianPackages(programs, checkOnly);
  if (flags.includes('--with-tests')) forTests(checkOnly);
  npmPackages(checkOnly);
  buildBundles(checkOnly);
}

try {
  setup(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  process.stderr.write(`error: ${error.message}\nfix: ${error.fix}\n`);
  process.exitCode = 2;
}
