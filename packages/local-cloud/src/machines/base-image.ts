import { existsSync } from 'node:fs';
import { chmod, mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { run } from './exec.ts';
import { removeTree } from './images.ts';
import { imageFolder } from './layout.ts';
import { hostMounts } from './sandbox-command.ts';
import { usrLinks } from './usr-links.ts';

/** Folders of a bare machine, with the modes that are not 0755. */
const folders: [path: string, mode?: number][] = [
  ...['usr', 'proc', 'sys', 'dev', 'run', 'tmp', 'etc', 'srv', 'home', 'mnt', 'media', 'opt'].map((p): [string] => [p]),
  ['root', 0o700],
  ['root/.ssh', 0o700],
  ...['var/cache', 'var/lib/cloud', 'var/lib/misc', 'var/log', 'var/mail', 'var/spool', 'var/opt'].map(
    (p): [string] => [p],
  ),
  ...hostMounts.map((path): [string] => [path]),
  ['var/tmp', 0o1777],
  ...['etc/service', 'etc/sv', 'etc/ssh', 'etc/ssl', 'etc/default', 'etc/sudoers.d', 'etc/cron.d'].map(
    (p): [string] => [p],
  ),
];

/** What the programs below the host's /usr expect in /etc; whatever the host lacks is left out. No secrets. */
const hostEtc = [
  ...['bash.bashrc', 'ca-certificates', 'ca-certificates.conf', 'debian_version', 'default/useradd'],
  ...['gai.conf', 'host.conf', 'inputrc', 'ld.so.cache', 'ld.so.conf', 'ld.so.conf.d', 'localtime', 'login.defs'],
  ...['lsb-release', 'magic', 'mime.types', 'npmrc', 'nsswitch.conf', 'os-release', 'pam.conf', 'pam.d', 'perl', 'pki'],
  ...[
    'profile',
    'profile.d',
    'protocols',
    'python3',
    'python3.9',
    'python3.10',
    'python3.11',
    'python3.12',
    'python3.13',
  ],
  ...[
    'security/access.conf',
    'security/limits.conf',
    'security/pam_env.conf',
    'services',
    'shells',
    'skel',

    'ssl/openssl.cnf',
    'terminfo',
    'timezone',
  ],
  ...['java-11-openjdk', 'java-17-openjdk', 'java-21-openjdk'],
];

/** Accounts of a Debian base system, with their numbers. */
const accounts: [name: string, uid: number, gid: number, home: string, shell: string][] = [
  ['root', 0, 0, '/root', '/bin/bash'],
  ['daemon', 1, 1, '/usr/sbin', '/usr/sbin/nologin'],
  ['bin', 2, 2, '/bin', '/usr/sbin/nologin'],
  ['sys', 3, 3, '/dev', '/usr/sbin/nologin'],
  ['mail', 8, 8, '/var/mail', '/usr/sbin/nologin'],
  ['www-data', 33, 33, '/var/www', '/usr/sbin/nologin'],
  ['nobody', 65534, 65534, '/nonexistent', '/usr/sbin/nologin'],
];

const groups: [name: string, gid: number][] = [
  ...accounts.filter(([name]) => name !== 'nobody').map(([name, , gid]): [string, number] => [name, gid]),
  ['adm', 4],
  ['tty', 5],
  ['disk', 6],
  ['sudo', 27],
  ['shadow', 42],
  ['utmp', 43],
  ['staff', 50],
  ['users', 100],
  ['nogroup', 65534],
];

/**
 * Makes the image that every local cloud starts with: a bare Debian-like machine whose programs are the host's.
 * Does nothing when the image is there already.
 */
export async function createBaseImage(dir: string, imageId: string): Promise<void> {
  const target = imageFolder(dir, imageId);
  if (existsSync(target)) return;
  const part = `${target}.part`;
  await removeTree(part);
  await mkdir(part, { recursive: true, mode: 0o755 });
  for (const [path, mode] of folders) {
    await mkdir(join(part, path), { recursive: true });
    // mkdir's own mode passes through the umask.
    await chmod(join(part, path), mode ?? 0o755);
  }
  await Promise.all(usrLinks().map(({ name, target }) => symlink(target, join(part, name))));
  const present = hostEtc.map((name) => `etc/${name}`).filter((path) => existsSync(join('/', path)));
  const copied = await run('cp', ['-a', '--parents', '--target-directory', part, '--', ...present], { cwd: '/' });
  if (copied.code !== 0 && !onlyUnreadable(copied.stderr))
    throw new Error(`The base image could not be made: ${copied.stderr.trim().split('\n')[0]}`);
  for (const [path, content, mode] of ownFiles()) {
    await mkdir(dirname(join(part, path)), { recursive: true });
    await writeFile(join(part, path), content);
    await chmod(join(part, path), mode ?? 0o644);
  }
  await symlink('/proc/mounts', join(part, 'etc/mtab'));
  await rename(part, target);
}

/** What an ordinary user may not read on the host is nothing that a machine should have. */
function onlyUnreadable(stderr: string): boolean {
  const lines = stderr.trim().split('\n');
  return lines.every((line) => line.endsWith('Permission denied'));
}

function ownFiles(): [path: string, content: string, mode?: number][] {
  const lines = (rows: string[]) => `${rows.join('\n')}\n`;
  return [
    ['etc/passwd', lines(accounts.map(([n, uid, gid, home, shell]) => `${n}:x:${uid}:${gid}:${n}:${home}:${shell}`))],
    ['etc/shadow', lines(accounts.map(([n]) => `${n}:*:19000:0:99999:7:::`)), 0o640],
    ['etc/group', lines(groups.map(([n, gid]) => `${n}:x:${gid}:`))],
    ['etc/gshadow', lines(groups.map(([n]) => `${n}:*::`)), 0o640],
    ['etc/fstab', ''],
    ['etc/environment', ''],
    ['etc/default/locale', 'LANG=C.UTF-8\n'],
    ['etc/hosts', '127.0.0.1 localhost\n'],
    ['root/.profile', 'if [ -n "$BASH" ] && [ -f ~/.bashrc ]; then . ~/.bashrc; fi\n'],
    ['root/.bashrc', "PS1='\\u@\\h:\\w\\$ '\n"],
    ['root/.ssh/authorized_keys', '', 0o600],
  ];
}
