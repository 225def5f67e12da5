import { confinementFlags } from './confinement.ts';
import { initName } from './init-script.ts';
import type { MachineLayout } from './layout.ts';
import { nodeMount, seedMount } from './machine-environment.ts';

/** Descriptors that bwrap and the init write to: what the init says when it is ready, and bwrap's JSON status. */
export const readyFd = 3;
export const statusFd = 4;
/** Descriptors that bwrap reads: the filter of system calls, and the process namespace of the machine to enter. */
export const filterFd = 5;
const namespaceFd = 6;

/** What decides how a machine is made. */
export interface SandboxOptions {
  /** Whether the daemon is root: machines then have many users, and are confined by capabilities. */
  asRoot: boolean;
  nodePrefix?: string;
  /** Whether there is a filter of system calls, on `filterFd`. */
  filtered?: boolean;
}

/**
 * Flags that make the namespaces. An ordinary user becomes uid 0 of a user namespace and must bind the host's /dev:
 * `--dev` would nest a second user namespace, which nsenter cannot enter. Root gets no user namespace: a low port can be bound
 * only with a capability of the network's own, which is the host's.
 */
export function namespaceFlags(asRoot: boolean): string[] {
  const shared = ['--die-with-parent', '--unshare-pid', '--unshare-uts', '--unshare-ipc'];
  return asRoot ? shared : ['--unshare-user', '--uid', '0', '--gid', '0', ...shared];
}

/** Flags that mount /proc and /dev, and say what root may do. */
export function kernelFlags(asRoot: boolean): string[] {
  return asRoot
    ? ['--proc', '/proc', '--dev', '/dev', ...confinementFlags()]
    : ['--proc', '/proc', '--dev-bind', '/dev', '/dev'];
}

/**
 * Read-only parts of the host beside /usr that belong to the programs there. Mounted and not copied: they are 90 %
 * of a bare disk's files, and the number of files is what a launch and a snapshot cost.
 */
export const hostMounts = ['/etc/alternatives', '/etc/ssl/certs', '/var/lib/dpkg'];

/** Folders of a machine's disk that something is mounted on. */
export function mountPoints({ nodePrefix }: SandboxOptions): string[] {
  return ['/usr', '/proc', '/dev', '/run', '/tmp', ...hostMounts, ...(nodePrefix ? [nodeMount] : [])];
}

/** bwrap's arguments for a machine: its disk as `/`, the host's /usr read-only, fresh /run and /tmp, shared network. */
export function sandboxArguments(layout: MachineLayout, hostname: string, options: SandboxOptions): string[] {
  return [
    ...['--as-pid-1', '--hostname', hostname],
    ...namespaceFlags(options.asRoot),
    ...viewFlags(layout, options),
    ...['--json-status-fd', String(statusFd)],
    ...['--', `${seedMount}/${initName}`],
  ];
}

/** What a machine sees. */
function viewFlags(layout: MachineLayout, { asRoot, nodePrefix, filtered }: SandboxOptions): string[] {
  // Sessions of a daemon that is root make these mounts again, and could not mount the same memory.
  const volatile = asRoot
    ? ['--bind', layout.run, '/run', '--bind', layout.tmp, '/tmp']
    : ['--perms', '0755', '--tmpfs', '/run', '--perms', '1777', '--tmpfs', '/tmp'];
  return [
    ...['--bind', layout.root, '/', '--ro-bind', '/usr', '/usr'],
    ...kernelFlags(asRoot),
    ...hostMounts.flatMap((folder) => ['--ro-bind-try', folder, folder]),
    ...volatile,
    ...['--ro-bind', layout.seed, seedMount],
    ...(nodePrefix ? ['--ro-bind', nodePrefix, nodeMount] : []),
    ...['--chdir', '/'],
    ...(filtered ? ['--seccomp', String(filterFd)] : []),
  ];
}

/** A command that enters a machine, and the files that it needs on its descriptors. */
export interface EnterCommand {
  argv: string[];
  files: Record<number, string>;
}

/** The command that runs `argv` inside the machine whose init is `pid` on the host. */
export function sessionCommand(
  layout: MachineLayout,
  options: SandboxOptions,
  pid: number,
  argv: string[],
): EnterCommand {
  const command = enterCommand(pid, options.asRoot, viewFlags(layout, options), argv);
  return options.filtered ? { ...command, files: { ...command.files, [filterFd]: layout.filter } } : command;
}

/**
 * The same for any sandbox that was made with the flags `view`. A user's nsenter gives nothing away. Root's would run the machine's
 * programs, or what its /etc/ld.so.preload names, with all capabilities, until one of them has dropped these. So for root bwrap makes
 * the machine's view again around the same processes: it drops everything before it runs anything of the machine.
 */
export function enterCommand(pid: number, asRoot: boolean, view: string[], argv: string[]): EnterCommand {
  const enter = ['nsenter', '-u', '-i', '-t', String(pid)];
  if (!asRoot) return { argv: [...enter, '-U', '--preserve-credentials', '-m', '-p', '--', ...argv], files: {} };
  return {
    argv: [...enter, '--', 'bwrap', '--pidns', String(namespaceFd), ...view, '--', ...argv],
    files: { [namespaceFd]: `/proc/${pid}/ns/pid` },
  };
}

/** A command as a line of shell, each word quoted by `quote`. */
export function asShell({ argv, files }: EnterCommand, quote: (word: string) => string): string {
  return [...argv.map(quote), ...Object.entries(files).map(([fd, path]) => `${fd}<${quote(path)}`)].join(' ');
}
