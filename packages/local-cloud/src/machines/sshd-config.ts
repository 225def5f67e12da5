import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { quoteWord } from '@golden-pipeline/shared/quote';
import type { MachineLayout } from './layout.ts';
import { seedMount } from './machine-environment.ts';
import { asShell, mountPoints, type SandboxOptions, sessionCommand } from './sandbox-command.ts';

const sftpServers = ['/usr/lib/openssh/sftp-server', '/usr/libexec/openssh/sftp-server', '/usr/lib/ssh/sftp-server'];

/** The settings of a machine's sshd, which runs on the host as the daemon's user and enters the machine by force. */
export function sshdConfig(layout: MachineLayout, user: string, terminals: boolean): string {
  const sftp = sftpServers.find((file) => existsSync(file));
  return [
    `HostKey ${quoted(layout.hostKey)}`,
    // Read at each login, as in a real machine.
    `AuthorizedKeysFile ${quoted(join(layout.root, 'root/.ssh/authorized_keys').replaceAll('%', '%%'))}`,
    `ForceCommand exec ${quoteWord(layout.enter)}`,
    `AllowUsers ${quoted(user)}`,
    'PermitRootLogin prohibit-password',
    'AuthenticationMethods publickey',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'UsePAM no',
    'StrictModes no',
    `PermitTTY ${terminals ? 'yes' : 'no'}`,
    'PermitUserRC no',
    'PrintMotd no',
    'PrintLastLog no',
    'UseDNS no',
    'X11Forwarding no',
    'PidFile none',
    'LogLevel ERROR',
    'MaxSessions 100',
    'MaxAuthTries 20',
    // Without it bash takes an sshd's command for a login from the network and reads the real home's start-up files.
    'SetEnv SHLVL=1',
    // A login takes 140 ms with it and 215 ms with the default.
    'KexAlgorithms curve25519-sha256,curve25519-sha256@libssh.org',
    ...(sftp ? [`Subsystem sftp ${sftp}`] : []),
    '',
  ].join('\n');
}

/** The helper that sshd runs for each session: a clean environment, then into the machine whose init is `pid`. */
export function enterScript(layout: MachineLayout, sandbox: SandboxOptions, pid: number): string {
  const session = asShell(sessionCommand(layout, sandbox, pid, ['/bin/sh', `${seedMount}/session`]), quoteWord);
  const kept = ['SSH_ORIGINAL_COMMAND', 'SSH_CONNECTION', 'SSH_CLIENT', 'SSH_TTY', 'TERM'];
  const passed = kept.map((name) => `\${${name}:+"${name}=$${name}"}`).join(' ');
  // Root's sessions mount again. That follows links, and what runs in the machine may have put one there since its boot.
  const folders = sandbox.asRoot ? [...new Set(mountPoints(sandbox).flatMap(foldersTo))] : [];
  const refused = 'echo "a link on the disk of this machine is where a folder is mounted" >&2; exit 1';
  const checks = folders.map((path) => `if [ -L ${quoteWord(join(layout.root, path))} ]; then ${refused}; fi\n`);
  return `#!/bin/sh\n${checks.join('')}exec env -i ${passed} PATH=/usr/sbin:/usr/bin:/sbin:/bin ${session}\n`;
}

/** A folder and those above it, the uppermost first: `/etc`, `/etc/ssl`. */
function foldersTo(path: string): string[] {
  const names = path.split('/').filter(Boolean);
  return names.map((_, index) => `/${names.slice(0, index + 1).join('/')}`);
}

/** Writes what sshd needs for the machine whose init is `pid` and has told its private host key. */
export async function prepareSshd(
  layout: MachineLayout,
  user: string,
  sandbox: SandboxOptions,
  { pid, hostKey }: { pid: number; hostKey: string },
): Promise<void> {
  if (sandbox.asRoot) await mkdir('/run/sshd', { recursive: true, mode: 0o755 });
  await rm(layout.hostKey, { force: true });
  await Promise.all([
    writeFile(layout.hostKey, hostKey, { mode: 0o600 }),
    writeFile(layout.sshdConfig, sshdConfig(layout, user, sandbox.asRoot || terminalsWork()), { mode: 0o600 }),
    writeFile(layout.enter, enterScript(layout, sandbox, pid), { mode: 0o700 }),
  ]);
}

/**
 * Whether an sshd without privileges can hand out terminals: it ends the whole connection when a new one does not
 * belong to the group `tty` by itself, as on a host (mostly a container) whose devpts is mounted without `gid=`.
 */
export function terminalsWork(read: (file: string) => string = (file) => readFileSync(file, 'utf8')): boolean {
  const group = /^tty:[^:]*:(\d+):/m.exec(read('/etc/group'))?.[1];
  const options = /^\S+ \/dev\/pts devpts (\S+)/m.exec(read('/proc/mounts'))?.[1]?.split(',') ?? [];
  return group === undefined || options.includes(`gid=${group}`);
}

function quoted(value: string): string {
  return `"${value.replaceAll('"', '')}"`;
}
