import { createHash } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Host } from './types.ts';

/** A Unix socket's path has at most 107 characters; ssh binds it under a temporary suffix of 17 first. */
const longestControlPath = 107 - 17;

/** Folder for control sockets: below `runDir` when the sockets' paths fit, else a short one in the system's temp folder. */
export function controlFolder(runDir: string): { path: string; remove(): Promise<void> } {
  const fits = join(runDir, 'x'.repeat(16)).length <= longestControlPath;
  const path = fits ? runDir : mkdtempSync(join(tmpdir(), 'gp-ssh-'));
  return { path, remove: () => (fits ? Promise.resolve() : rm(path, { recursive: true, force: true })) };
}

/** Path of the control socket of a host: short, and the same for ssh and Ansible, so that they share one connection. */
export function controlPath(folder: string, host: Host, login: { user: string; port: number }): string {
  const id = createHash('sha256')
    .update([host.instanceId, host.address, login.user, login.port].join('\0'))
    .digest('hex');
  return join(folder, id.slice(0, 16));
}

/** Options of every ssh of the pipeline; they take precedence over the user's ssh configuration. */
export function sshOptions(request: {
  /** Socket of the shared connection; absent for an unshared connection. */
  controlPath?: string;
  knownHosts: string;
  privateKey: string;
  /** Name under which the keys are pinned; absent when known_hosts lines are configured. */
  alias?: string;
  /** How long the host may take to answer, in seconds; 5 by default. */
  connectTimeoutSeconds?: number;
}): string[] {
  const options: [string, string | number][] = [
    ...sharing(request.controlPath),
    ['BatchMode', 'yes'],
    ['ConnectTimeout', request.connectTimeoutSeconds ?? 5],
    ['ServerAliveInterval', 15],
    ['ServerAliveCountMax', 4],
    ['StrictHostKeyChecking', 'yes'],
    ['UserKnownHostsFile', quoted(request.knownHosts)],
    ['GlobalKnownHostsFile', '/dev/null'],
    ['UpdateHostKeys', 'no'],
    ['CheckHostIP', 'no'],
    ['VerifyHostKeyDNS', 'no'],
    ['IdentityFile', quoted(request.privateKey)],
    ['IdentitiesOnly', 'yes'],
    ['PreferredAuthentications', 'publickey'],
    ['ForwardAgent', 'no'],
    ['ForwardX11', 'no'],
    ['ClearAllForwardings', 'yes'],
    ['RequestTTY', 'no'],
    ['RemoteCommand', 'none'],
    ['PermitLocalCommand', 'no'],
    ['LogLevel', 'ERROR'],
  ];
  if (request.alias) options.push(['HostKeyAlias', request.alias]);
  return options.flatMap(([name, value]) => ['-o', `${name}=${value}`]);
}

function sharing(controlPath: string | undefined): [string, string][] {
  if (controlPath === undefined)
    return [
      ['ControlMaster', 'no'],
      ['ControlPath', 'none'],
    ];
  return [
    ['ControlMaster', 'auto'],
    ['ControlPath', quoted(controlPath)],
    ['ControlPersist', '600s'],
  ];
}

/** ssh splits file lists at spaces and expands `%`; a quoted path stays whole. */
function quoted(path: string): string {
  return `"${path.replaceAll('%', '%%')}"`;
}
