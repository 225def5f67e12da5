import { isIP } from 'node:net';
import { usageError } from '@golden-pipeline/shared/errors';
import type { Host } from './types.ts';

const hostname = /^(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]{0,62})?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,62})?)*$/;
const instanceId = /^[A-Za-z0-9][A-Za-z0-9-]{0,60}$/;
const user = /^[A-Za-z_][A-Za-z0-9_.-]{0,31}$/;

/**
 * Refuses values that ssh or Ansible could read as an option, a pattern or another host. Code `ssh.bad-host`,
 * `ssh.bad-user` or `ssh.bad-port`.
 */
export function checkHost(host: Host): void {
  if (!instanceId.test(host.instanceId)) {
    throw usageError('ssh.bad-host', `instance id ${JSON.stringify(host.instanceId)} is not one`);
  }
  if (isIP(host.address) === 0 && !hostname.test(host.address)) {
    throw usageError(
      'ssh.bad-host',
      `address ${JSON.stringify(host.address)} of ${host.instanceId} is neither an IP address nor a host name`,
    );
  }
}

export function checkLogin(login: { user: string; port: number }): void {
  if (!user.test(login.user)) {
    throw usageError('ssh.bad-user', `ssh.user is ${JSON.stringify(login.user)}, expected a login name`);
  }
  if (!Number.isInteger(login.port) || login.port < 1 || login.port > 65_535) {
    throw usageError('ssh.bad-port', `ssh.port is ${JSON.stringify(login.port)}, expected 1 to 65535`);
  }
}
