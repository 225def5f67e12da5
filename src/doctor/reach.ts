import { connect } from 'node:net';
import { parseJump } from '../hosts/jump-host.ts';
import { missingTools } from '../hosts/tools.ts';
import { type Check, error, type Finding, ok, warning } from './finding.ts';
import type { DoctorServices } from './services.ts';

/** How long the jump host may take to accept a connection, in milliseconds. */
const answerMs = 5_000;

/** What the configured way to the hosts needs on this computer; nothing for a direct one. */
export function reachChecks({ fleet: { ssh } }: DoctorServices): Check[] {
  if (ssh.via === 'ssm') return [{ id: 'reach.ssm', run: async () => sessionTools() }];
  const { proxyJump } = ssh;
  return proxyJump ? [{ id: 'reach.jump', run: () => jumpHost(proxyJump.to) }] : [];
}

function sessionTools(): Finding[] {
  const missing = missingTools('ssm');
  if (missing.length === 0)
    return [ok('reach.ssm', 'hosts are reached by Session Manager; aws and its plugin are here')];
  return missing.map(({ name, fix }) => ({
    ...error('reach.ssm', `ssh.via is 'ssm', and ${name} was not found on this computer`, fix),
    cause: `reach.ssm ${name}`,
  }));
}

async function jumpHost(to: string): Promise<Finding[]> {
  const { host, port } = parseJump(to);
  const problem = await new Promise<string | undefined>((resolve) => {
    const socket = connect({ host, port, timeout: answerMs });
    const end = (why?: string) => {
      socket.destroy();
      resolve(why);
    };
    socket.once('connect', () => end());
    socket.once('timeout', () => end(`no answer within ${answerMs / 1000} s`));
    socket.once('error', (reason) => end(reason.message));
  });
  if (problem === undefined) return [ok('reach.jump', `hosts are reached through ${to}, which answers`)];
  const message = `the jump host ${to} cannot be reached: ${problem}`;
  return [{ ...warning('reach.jump', message, 'start it, or correct ssh.proxyJump.to'), cause: `reach.jump ${to}` }];
}
