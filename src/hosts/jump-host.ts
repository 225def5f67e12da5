import { isIPv6 } from 'node:net';
import { usageError } from '@golden-pipeline/shared/errors';
import type { Fleet } from '../config/settings.ts';
import type { Host } from './types.ts';
import { checkHost, checkLogin } from './validate.ts';

/** Where the way to the hosts goes through. */
export interface JumpHost {
  user: string;
  host: string;
  port: number;
}

/** Why there is no way to a host. `lasting`: trying again will not help. */
export interface WayProblem {
  message: string;
  lasting: boolean;
}

/** Name under which its keys are pinned: an address of its own could be one of the hosts'. */
export const jumpAlias = 'golden-pipeline-jump';

const key = /(?:ssh-(?:ed25519|rsa)|ecdsa-sha2-nistp(?:256|384|521)) AAAA[0-9A-Za-z+/]{20,}={0,3}/;

/**
 * Reads `user@host` or `user@host:port`; an IPv6 address stands in brackets.
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

/** The known_hosts file for it: the keys of the given lines and no other, under our own name. Throws `ssh.bad-jump` when one holds none. */
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

/** What went wrong on the way, in words, from what the ssh to the jump host wrote down; undefined when it had no complaint. */
export function jumpProblem(log: string, ssh: Fleet['ssh'], host: Host): WayProblem | undefined {
  const lines = log.split('\n').map((line) => line.trim());
  const line = lines.find((one) => /[a-z]/.test(one));
  if (!ssh.proxyJump || line === undefined) return undefined;
  const { to, privateKey } = ssh.proxyJump;
  if (/host key verification failed|host key is known for|IDENTIFICATION HAS CHANGED/i.test(log)) {
    return { message: `the jump host ${to} has another host key than ssh.proxyJump.hostKeys says`, lasting: true };
  }
  const denied = lines.find((one) => /Permission denied/.test(one));
  if (denied) return { message: `the jump host ${to} refuses the key ${privateKey}: ${denied}`, lasting: true };
  const closed = lines.find((one) => /open failed|forwarding (request )?failed|administratively prohibited/i.test(one));
  if (closed) {
    return {
      message: `the jump host ${to} does not get through to ${host.address}:${ssh.port}: ${closed}`,
      lasting: false,
    };
  }
  return { message: `the jump host ${to} cannot be reached: ${line}`, lasting: false };
}
