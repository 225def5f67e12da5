import { initName } from './init-script.ts';
import type { MachineLayout } from './layout.ts';
import { nodeMount, seedMount } from './machine-environment.ts';

/** Descriptors that bwrap and the init write to: the init's `ready` line and bwrap's JSON status. */
export const readyFd = 3;
export const statusFd = 4;

/**
 * Flags that make the namespaces. An ordinary user becomes uid 0 of a user namespace and must bind the host's /dev:
 * `--dev` would nest a second user namespace, which nsenter cannot enter.
 */
export function namespaceFlags(asRoot: boolean): string[] {
  const shared = ['--die-with-parent', '--unshare-pid', '--unshare-uts', '--unshare-ipc', '--proc', '/proc'];
  return asRoot
    ? [...shared, '--dev', '/dev']
    : ['--unshare-user', '--uid', '0', '--gid', '0', ...shared, '--dev-bind', '/dev', '/dev'];
}

/**
 * Read-only parts of the host beside /usr that belong to the programs there. Mounted and not copied: they are 90 %
 * of a bare disk's files, and the number of files is what a launch and a snapshot cost.
 */
export const hostMounts = ['/etc/alternatives', '/etc/ssl/certs', '/var/lib/dpkg'];

/** bwrap's arguments for a machine: its disk as `/`, the host's /usr read-only, fresh /run and /tmp, shared network. */
export function sandboxArguments(
  layout: MachineLayout,
  hostname: string,
  options: { asRoot: boolean; nodePrefix?: string },
): string[] {
  const node = options.nodePrefix ? ['--ro-bind', options.nodePrefix, nodeMount] : [];
  return [
    '--as-pid-1',
    '--hostname',
    hostname,
    '--bind',
    layout.root,
    '/',
    '--ro-bind',
    '/usr',
    '/usr',
    ...namespaceFlags(options.asRoot),
    ...hostMounts.flatMap((folder) => ['--ro-bind-try', folder, folder]),
    '--perms',
    '0755',
    '--tmpfs',
    '/run',
    '--perms',
    '1777',
    '--tmpfs',
    '/tmp',
    '--ro-bind',
    layout.seed,
    seedMount,
    ...node,
    '--chdir',
    '/',
    '--json-status-fd',
    String(statusFd),
    '--',
    `${seedMount}/${initName}`,
  ];
}

/** nsenter's arguments to run `argv` inside the machine whose init is `pid` on the host. */
export function enterArguments(pid: number, asRoot: boolean, argv: string[]): string[] {
  const user = asRoot ? [] : ['-U', '--preserve-credentials'];
  return [...user, '-m', '-p', '-u', '-i', '-t', String(pid), '--', ...argv];
}
