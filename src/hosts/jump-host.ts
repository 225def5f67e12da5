import { isIPv6 } from 'node:net';
import { usageError } from '@golden-pipeline/shared/errors';
import type { Fleet } from '../config/settings.ts';
import type { Host } from './types.ts';
import { checkHost, checkLogin } from './validate.ts';

/** Address and login of a jump host. */
export interface JumpHost {
  user: string;
  host: string;
  port: number;
}

/** Why there is no connection to a host. `persistent`: a retry will not help. */
export interface WayProblem {
  message: string;
  persistent: boolean;
}

/** Name under which its keys are pinned, as its address could also be that of a host. */
export const jumpAlias = 'golden-pipeline-jump';

const key = /(?:ssh-(?:ed25519|rsa)|ecdsa-sha2-nistp(?:256|384|521)) AAAA[0-9A-Za-z+/]{20,}={0,3}/;

/**
 * Reads `user@host` or `user@host:port`; an IPv6 address is written in brackets.
 * @throws usage error `ssh.bad-jump`, or those of `checkLogin`
 */
export function parseJump(to: string): JumpHost {
  const [, user = '', bracketed, plain, port = '22'] = /^([^@]+)@(?:\[([^\]]+)\]|([^@:]+))(?::(\d+))?$/.exec(to) ?? [];
  const host = bracketed ?? plain ?? '';
  if (host === '' || (bracketed !== undefined && !isIPv6(bracketed))) {
    throw usageError('ssh.bad-jump', `ssh.proxyJump.to is ${JSON.stringify(to)}, expected user@host or user@host:port`);
  }
  const login = { user, host, port: Number(port) };
  checkLogin(login);
  checkHost({ instanceId: jumpAlias, address: host });
  return login;
}

/**
 * The known_hosts file for the jump host: only the keys of the given lines, under the pipeline's own name. Throws
 * `ssh.bad-jump` when a line has no key.
 */
export function jumpKnownHosts(lines: readonly string[]): string {
  const keys = lines.map((line) => {
    const found = line.startsWith('@') ? null : key.exec(line);
    if (found) return `${jumpAlias} ${found[0]}\n`;
    throw usageError(
      'ssh.bad-jump',
      `ssh.proxyJump.hostKeys has ${JSON.stringify(line)}, expected a line of known_hosts`,
    );
  });
  if (keys.length === 0)
    throw usageError('ssh.bad-jump', 'ssh.proxyJump.hostKeys is empty, expected known_hosts lines');
  return keys.join('');
}

/** Explains a failed connection from the log of the ssh to the jump host; undefined when the log has no error. */
export function jumpProblem(log: string, ssh: Fleet['ssh'], host: Host): WayProblem | undefined {
  const lines = log.split('\n').map((line) => line.trim());
  const line = lines.find((one) => /[a-z]/.test(one));
  if (!ssh.proxyJump || line === undefined) return undefined;
  const { to, privateKey } = ssh.proxyJump;
  if (/host key verification failed|host key is known for|IDENTIFICATION HAS CHANGED/i.test(log)) {
    return { message: `the jump host ${to} has another host key than ssh.proxyJump.hostKeys says`, persistent: true };
  }
  const denied = lines.find((one) => /Permission denied/.test(one));
  if (denied) return { message: `the jump host ${to} refuses the key ${privateKey}: ${denied}`, persistent: true };
  const closed = lines.find((one) => /open failed|forwarding (request )?failed|administratively prohibited/i.test(one));
  if (closed) {
    return {
      message: `the jump host ${to} does not get through to ${host.address}:${ssh.port}: ${closed}`,
      persistent: false,
    };
  }
  return { message: `the jump host ${to} cannot be reached: ${line}`, persistent: false };
}
