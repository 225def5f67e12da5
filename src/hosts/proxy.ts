import { mkdirSync, writeFileSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Fleet } from '../config/settings.ts';
import { jumpAlias, jumpKnownHosts, jumpProblem, parseJump, type WayProblem } from './jump-host.ts';
import { shellQuote } from './quote.ts';
import { sshOptions } from './ssh-options.ts';
import type { Host } from './types.ts';

/** How connections reach a host: directly, by a jump host or by Session Manager. */
export interface Proxy {
  /** Options for the ssh to a host. */
  options(host: Host): string[];
  /** Called before a connection is opened; clears the errors of the last one. */
  begin(host: Host): Promise<void>;
  /** Why there was no connection; undefined when the failure has another cause. */
  problem(host: Host): Promise<WayProblem | undefined>;
  /** How long a host may take to answer, in seconds. */
  connectTimeoutSeconds: number;
  /** Arguments of an ssh that closes the connection that the hosts share. */
  exitArguments?: string[];
}

/**
 * Connection time-outs in seconds: direct, by a jump host, and by a session, for which the AWS CLI itself takes seconds
 * to start.
 */
const patience = { direct: 5, jump: 10, session: 20 };

/** One connection method: the command for a host, which writes its errors to `log`, and their explanations. */
interface Way {
  command(host: Host, log: string): string;
  problem(log: string, host: Host): WayProblem | undefined;
  connectTimeoutSeconds: number;
  exitArguments?: string[];
}

/**
 * The connection method of `ssh.proxyJump` or `ssh.via`.
 * @param folders.runDir for the pins of the jump host and for error logs; created when absent
 * @param folders.sockets for the connection to the jump host, which all hosts share
 * @throws usage error `ssh.bad-jump` for a wrong `ssh.proxyJump`
 */
export function createProxy(
  ssh: Fleet['ssh'],
  region: string | undefined,
  folders: { runDir: string; sockets: string },
): Proxy {
  const way = wayOf(ssh, region, folders);
  if (!way) {
    const connectTimeoutSeconds = patience.direct;
    return { options: () => [], begin: async () => {}, problem: async () => undefined, connectTimeoutSeconds };
  }
  // Logged to a file: ssh hides the output of its ProxyCommand on a shared connection, and mixes it with its own
  // otherwise.
  const log = (host: Host) => join(folders.runDir, `${host.instanceId}.way.log`);
  return {
    options: (host) => ['-o', `ProxyCommand=${way.command(host, log(host))}`],
    begin: (host) => rm(log(host), { force: true }),
    problem: async (host) => way.problem(await readFile(log(host), 'utf8').catch(() => ''), host),
    connectTimeoutSeconds: way.connectTimeoutSeconds,
    exitArguments: way.exitArguments,
  };
}

function wayOf(
  ssh: Fleet['ssh'],
  region: string | undefined,
  folders: { runDir: string; sockets: string },
): Way | undefined {
  if (ssh.via === 'ssm') {
    return {
      command: (host, log) => `${commandLine(sessionCommand(host, ssh.port, region))} 2>${commandLine([log])}`,
      problem: sessionProblem,
      connectTimeoutSeconds: patience.session,
    };
  }
  return ssh.proxyJump && throughHost(ssh, ssh.proxyJump, folders);
}

/**
 * A separate ProxyCommand instead of ProxyJump, which would use neither the pins, nor the key, nor the shared
 * connection.
 */
function throughHost(
  ssh: Fleet['ssh'],
  jump: NonNullable<Fleet['ssh']['proxyJump']>,
  { runDir, sockets }: { runDir: string; sockets: string },
): Way {
  const { user, host: address, port } = parseJump(jump.to);
  const knownHosts = join(runDir, 'jump.known_hosts');
  mkdirSync(runDir, { recursive: true, mode: 0o700 });
  writeFileSync(knownHosts, jumpKnownHosts(jump.hostKeys), { mode: 0o600 });
  const options = sshOptions({
    controlPath: join(sockets, 'jump'),
    knownHosts,
    privateKey: jump.privateKey,
    alias: jumpAlias,
  });
  const login = [...options, '-l', user, '-p', String(port)];
  return {
    command: (_host, log) =>
      `${commandLine(['ssh', '-E', log, ...login])} -W ${shellQuote('[%h]:%p')} ${commandLine(['--', address])}`,
    problem: (log, host) => jumpProblem(log, ssh, host),
    connectTimeoutSeconds: patience.jump,
    exitArguments: [...login, '-O', 'exit', '--', address],
  };
}

/** The program that opens a session to the SSH port of an instance. Credentials and profile are those of the environment. */
export function sessionCommand(host: Host, port: number, region?: string): string[] {
  const command = ['aws', 'ssm', 'start-session', '--target', host.instanceId];
  const session = ['--document-name', 'AWS-StartSSHSession', '--parameters', `portNumber=${port}`];
  return [...command, ...session, ...(region === undefined ? [] : ['--region', region])];
}

function sessionProblem(log: string, host: Host): WayProblem | undefined {
  if (/SessionManagerPlugin is not found/i.test(log)) {
    return { message: 'the session-manager-plugin of the AWS CLI was not found on this computer', persistent: true };
  }
  if (/\baws: (command )?not found|command not found: aws/.test(log)) {
    return { message: 'the AWS CLI (aws) was not found on this computer', persistent: true };
  }
  if (/TargetNotConnected/.test(log)) {
    return { message: `the SSM agent of ${host.instanceId} is not connected to Session Manager`, persistent: false };
  }
  const said = log.split('\n').find((line) => line.trim() !== '');
  return said === undefined ? undefined : { message: `no session: ${said.trim()}`, persistent: false };
}

/** Arguments quoted for a shell, and with `%` escaped for ssh. */
function commandLine(words: readonly string[]): string {
  return words.map((word) => shellQuote(word.replaceAll('%', '%%'))).join(' ');
}
