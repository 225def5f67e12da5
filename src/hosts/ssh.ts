import { mkdirSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '@golden-pipeline/shared/clock';
import { PipelineError, usageError } from '@golden-pipeline/shared/errors';
import { execa } from 'execa';
import type { Fleet } from '../config/settings.ts';
import { createPoll, isTimeout, type Poll } from '../engine/poll.ts';
import { keysFromConsole, knownHostsFile } from './host-keys.ts';
import { createProxy } from './proxy.ts';
import { shellCommand } from './quote.ts';
import { controlFolder, controlPath, sshOptions } from './ssh-options.ts';
import type { Host } from './types.ts';
import { checkHost, checkLogin } from './validate.ts';

export interface SshSettings {
  ssh: Fleet['ssh'];
  region?: string;
  /** Folder of mode 0700 for pins and control sockets. */
  runDir: string;
  consoleOutput: (instanceId: string) => Promise<string | undefined>;
  clock: Clock;
  poll?: Poll;
}

/** Pause between attempts to reach a host that does not answer yet, in milliseconds. */
const retryMs = 250;
/** Default time limit of a remote program, in milliseconds. */
const defaultRunMs = 60_000;

/** SSH with pinned host keys and one shared connection per host. */
export function createSsh(settings: SshSettings) {
  const { ssh, runDir, consoleOutput, clock } = settings;
  checkLogin(ssh);
  mkdirSync(runDir, { recursive: true, mode: 0o700 });
  const sockets = controlFolder(runDir);
  const proxy = createProxy(ssh, settings.region, { runDir, sockets: sockets.path });
  const poll = settings.poll ?? createPoll(clock);
  const seen = new Map<string, Host>();

  const pinFile = (host: Host) => join(runDir, `${host.instanceId}.known_hosts`);

  /** Writes the trusted keys; false while the console has not printed them. */
  async function pin(host: Host): Promise<boolean> {
    if (ssh.hostKeys !== 'console') {
      await writeFile(pinFile(host), ssh.hostKeys.map((line) => `${line}\n`).join(''), { mode: 0o600 });
      return true;
    }
    const keys = keysFromConsole(await consoleOutput(host.instanceId));
    if (keys) await writeFile(pinFile(host), knownHostsFile(host.instanceId, keys), { mode: 0o600 });
    return keys !== undefined;
  }

  function options(host: Host, shared = true): string[] {
    if (shared) seen.set(host.instanceId, host);
    const own = sshOptions({
      controlPath: shared ? controlPath(sockets.path, host, ssh) : undefined,
      knownHosts: pinFile(host),
      privateKey: ssh.privateKey,
      alias: ssh.hostKeys === 'console' ? host.instanceId : undefined,
      connectTimeoutSeconds: proxy.connectTimeoutSeconds,
    });
    return [...own, ...proxy.options(host)];
  }

  const login = ['-l', ssh.user, '-p', String(ssh.port)];
  const argv = (host: Host, ...extra: string[]) => [...options(host), ...login, ...extra];

  /** Runs a program and returns the result of ssh, also a failure. */
  async function execute(host: Host, command: string[], timeoutMs: number, shared = true) {
    checkHost(host);
    const limit = new AbortController();
    const timer = clock.after(timeoutMs, () => limit.abort());
    await proxy.begin(host);
    try {
      const words = [...options(host, shared), ...login, '--', host.address, shellCommand(command)];
      return await execa('ssh', words, {
        reject: false,
        stdin: 'ignore',
        cancelSignal: limit.signal,
        forceKillAfterDelay: 1000,
      });
    } finally {
      timer.cancel();
    }
  }

  async function forget(host: Host): Promise<void> {
    checkHost(host);
    // Exit 255 only says that there is no shared connection.
    await execa('ssh', argv(host, '-O', 'exit', '--', host.address), { reject: false, stdin: 'ignore', timeout: 5000 });
    seen.delete(host.instanceId);
    await rm(pinFile(host), { force: true });
  }

  /** Why ssh itself has failed with this exit code and output; undefined when it was the program. */
  async function whyLost(host: Host, exitCode: number | undefined, said: { stdout: string; stderr: string }) {
    if (exitCode !== 255) return undefined;
    const way = await proxy.problem(host);
    return way?.message ?? (isOwnEnd(said) ? telling(said.stderr) || 'the connection was lost' : undefined);
  }

  return {
    options,
    forget,
    /** What programs that are read while they run need of the connections; see streams.ts. */
    connections: {
      /** Arguments of an ssh with a connection of its own. */
      async words(host: Host, ...extra: string[]): Promise<string[]> {
        checkHost(host);
        if (!(await pin(host))) throw notPinned(host);
        await proxy.begin(host);
        return [...options(host, false), ...login, ...extra, '--', host.address];
      },
      whyLost,
    },
    /** Pins the keys unless they are pinned. Rejects with `ssh.unreachable` while the console has none. */
    async ensurePinned(host: Host): Promise<void> {
      checkHost(host);
      if (seen.has(host.instanceId) || (await pin(host))) return;
      throw notPinned(host);
    },
    async waitReachable(host: Host, timeoutMs: number): Promise<void> {
      checkHost(host);
      let why = 'it has not printed its SSH host keys on its console yet';
      const deadline = clock.now() + timeoutMs;
      try {
        await poll({
          what: `SSH on ${host.instanceId} (${host.address}:${ssh.port})`,
          read: async () => {
            // Read again each time: a host may have new keys after a boot.
            if (!(await pin(host))) return false;
            const result = await execute(
              host,
              ['true'],
              Math.max(1000, Math.min(1000 * proxy.connectTimeoutSeconds + 10_000, deadline - clock.now())),
            );
            if (result.code === 'ENOENT') throw sshMissing();
            if (result.exitCode === 0) return true;
            const way = await proxy.problem(host);
            if (way?.persistent) throw new PipelineError('ssh.no-way', `no SSH to ${host.instanceId}: ${way.message}`);
            why =
              way?.message ||
              telling(result.stderr) ||
              `ssh exited with ${result.exitCode ?? result.signal ?? 'a time-out'}`;
            return false;
          },
          until: (answered) => answered,
          everyMs: retryMs,
          timeoutMs,
        });
      } catch (error) {
        if (!isTimeout(error)) throw error;
        throw new PipelineError(
          'ssh.unreachable',
          `no SSH to ${host.instanceId} (${ssh.user}@${host.address}:${ssh.port}) within ${Math.round(timeoutMs / 1000)} s: ${why}`,
          {
            fix: 'look at the instance’s console output, its security group and ssh.user / ssh.privateKey',
            cause: error,
          },
        );
      }
    },
    /**
     * Runs work that opens its own connections; when it fails because of the jump host or the session, the error
     * explains that.
     */
    async explained<T>(host: Host, connect: () => Promise<T>): Promise<T> {
      await proxy.begin(host);
      try {
        return await connect();
      } catch (error) {
        const unreachable = error instanceof PipelineError && error.code === 'ansible.unreachable';
        const way = unreachable ? await proxy.problem(host) : undefined;
        if (!way) throw error;
        throw new PipelineError('ansible.unreachable', `Ansible cannot reach ${host.instanceId}: ${way.message}`, {
          cause: error,
        });
      }
    },
    async run(host: Host, command: string[], timeoutMs = defaultRunMs, shared = true): Promise<string> {
      if (!seen.has(host.instanceId)) await this.ensurePinned(host);
      const result = await execute(host, command, timeoutMs, shared);
      if (result.code === 'ENOENT') throw sshMissing();
      if (!result.failed) return result.stdout;
      const how = result.isCanceled
        ? `did not finish within ${timeoutMs} ms`
        : `exit ${result.exitCode ?? result.signal}`;
      // 255 is ssh's own exit code: the program was not started, or its result is unknown.
      const way = result.exitCode === 255 ? await proxy.problem(host) : undefined;
      // A permanent failure of the jump host or session does not depend on the host.
      const isLost = result.exitCode === 255 && !way?.persistent && (way !== undefined || isOwnEnd(result));
      // Somebody has ended the local ssh: the program may have run, or still runs.
      const isKilled = result.signal !== undefined && !result.isCanceled;
      const unreached = isLost || isKilled;
      throw new PipelineError(
        unreached ? 'ssh.unreachable' : 'ssh.failed',
        `\`${command.join(' ')}\` failed on ${host.instanceId} (${how}): ${way?.message ?? telling(result.stderr)}`,
        {
          details: result.stderr.split('\n').slice(-15),
        },
      );
    },
    async close(): Promise<void> {
      await Promise.all([...seen.values()].map((host) => forget(host)));
      const { exitArguments } = proxy;
      if (exitArguments) await execa('ssh', exitArguments, { reject: false, stdin: 'ignore', timeout: 5000 });
      await sockets.remove();
    },
  };
}

function notPinned({ instanceId }: Host): PipelineError {
  return new PipelineError('ssh.unreachable', `${instanceId} has not printed its SSH host keys on its console`);
}

/** The first informative line: what ssh adds when its ProxyCommand has exited is skipped. */
function telling(text: string): string {
  const lines = text.trim().split('\n');
  return (
    lines.find(
      (line) => line.trim() !== '' && !/^(kex_exchange_identification|Connection closed by UNKNOWN)/.test(line),
    ) ??
    lines[0] ??
    ''
  );
}

/** Messages of ssh when it cannot connect, or has lost the connection. */
const sshWords =
  /^(ssh[:_]|kex_|Connection |client_loop|mux_client|Timeout|Host key verification|Received disconnect|@@@|.*Permission denied \()/m;

/** True for an exit code 255 of ssh itself. Some programs also exit with it, but with other output. */
function isOwnEnd({ stdout, stderr }: { stdout: string; stderr: string }): boolean {
  return stderr.trim() === '' ? stdout === '' : sshWords.test(stderr);
}

export function sshMissing(): PipelineError {
  return usageError('ssh.missing', 'ssh was not found on this computer', 'apt-get install openssh-client');
}
