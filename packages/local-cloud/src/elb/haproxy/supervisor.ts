import { execFile } from 'node:child_process';
import { createServer } from 'node:net';
import type { Clock } from '@golden-pipeline/shared/clock';
import { PipelineError } from '@golden-pipeline/shared/errors';
import { endStale, HaproxyChild, haproxyPath, startTime } from './child.ts';
import type { HaproxyFiles } from './files.ts';
import { ask } from './runtime.ts';

const configFile = 'haproxy.cfg';
const startDeadlineMs = 10_000;

/** HAProxy as a process: start, hitless reload, end, and news of its death. Knows nothing of what it balances. */
export class Supervisor {
  #child: HaproxyChild | undefined;
  #workerPid = 0;
  #oldWorkers = new Set<number>();

  constructor(
    private readonly files: HaproxyFiles,
    private readonly clock: Clock,
    private readonly binary: string,
    /** The file that takes the log of requests. */
    private readonly log: number,
    private readonly onDeath: (how: string) => void,
  ) {}

  get alive(): boolean {
    return this.#child !== undefined && !this.#child.ended;
  }

  /** Workers of former configurations that still finish requests. */
  get oldWorkers(): number[] {
    for (const pid of this.#oldWorkers) if (!startTime(pid)) this.#oldWorkers.delete(pid);
    return [...this.#oldWorkers];
  }

  get pids(): { master: number; worker: number } {
    return { master: this.#child?.pid ?? 0, worker: this.#workerPid };
  }

  /** Starts with the configuration that `compose` makes for the worker's socket. */
  async start(compose: (socket: string) => string): Promise<void> {
    endStale(this.files.dir);
    this.#oldWorkers.clear();
    this.files.forget(this.files.next());
    this.files.write(configFile, compose(this.files.workerSocket));
    const path = haproxyPath(this.binary);
    await this.#check(path);
    const child = new HaproxyChild(
      path,
      this.files.dir,
      ['-W', '-db', '-S', this.files.masterSocket, '-f', configFile],
      (how) => {
        child.killAll();
        if (this.#child === child && this.#workerPid) this.onDeath(how);
      },
      this.log,
    );
    this.#workerPid = 0;
    this.#child = child;
    await this.#ready(child);
  }

  /** Replaces the worker; listeners go from one to the other without closing. */
  async reload(compose: (socket: string) => string): Promise<void> {
    const child = this.#child;
    if (!child || child.ended) throw new Error('HAProxy is not running');
    const before = this.files.read(configFile) ?? '';
    const former = this.files.next();
    this.files.write(configFile, compose(this.files.workerSocket));
    try {
      await this.#check(haproxyPath(this.binary));
      const old = this.#workerPid;
      child.signal('SIGUSR2');
      await this.#ready(child);
      if (old) this.#oldWorkers.add(old);
      this.files.forget(former);
    } catch (error) {
      this.files.write(configFile, before);
      this.files.back();
      throw error;
    }
  }

  /** Commands for the worker that serves now. */
  ask(commands: string): Promise<string> {
    return ask(this.files.workerSocket, commands);
  }

  /**
   * The same commands for old workers: a client that was idle at the reload sends one more request there, which must
   * not meet a target that has left since. Old workers come and go, so failures say nothing.
   */
  async tellOld(commands: string[]): Promise<void> {
    for (const pid of this.oldWorkers) for (const command of commands) await this.askOld(pid, command).catch(() => '');
  }

  /** One command for an old worker, through the master. */
  askOld(pid: number, command: string): Promise<string> {
    return ask(this.files.masterSocket, `@!${pid} ${command}`);
  }

  /** Ends HAProxy at once. */
  async close(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    child?.killAll();
    while (child && !child.ended) await this.clock.sleep(5);
    endStale(this.files.dir);
    this.files.close();
  }

  /** Lets HAProxy read the configuration without running it: its own words for what is wrong. */
  #check(path: string): Promise<void> {
    return new Promise((resolve, reject) => {
      execFile(path, ['-c', '-q', '-f', configFile], { cwd: this.files.dir }, (error, _out, stderr) => {
        if (!error) return resolve();
        const details = stderr.split('\n').filter((line) => line.includes('ALERT'));
        reject(
          new PipelineError(
            'local.balancer-refused',
            `HAProxy refused the configuration: ${details[0] ?? error.message}`,
            { details },
          ),
        );
      });
    });
  }

  /** Waits until the worker of the present generation answers, and the master, which is deaf while it starts anew. */
  async #ready(child: HaproxyChild): Promise<void> {
    const deadline = this.clock.now() + startDeadlineMs;
    for (;;) {
      const info = await this.ask('show info').catch(() => '');
      const pid = Number(/^Pid: (\d+)$/m.exec(info)?.[1] ?? 0);
      const master = pid ? await ask(this.files.masterSocket, 'show proc').catch(() => '') : '';
      if (pid && new RegExp(`^${pid}\\s+worker`, 'm').test(master)) {
        this.#workerPid = pid;
        return;
      }
      if (child.ended || this.clock.now() > deadline) throw startError(child.output);
      await this.clock.sleep(5);
    }
  }
}

function startError(output: string[]): Error {
  const alerts = output.filter((line) => line.includes('ALERT'));
  const taken = /cannot bind socket \((.*?)\).*?\[(127[\d.]+:\d+)\]/.exec(output.join('\n'));
  if (taken) return portError(taken[2] ?? '', taken[1] ?? '');
  return new PipelineError('local.balancer-start', `HAProxy did not start: ${alerts[0] ?? 'no reason given'}`, {
    details: output.slice(-20),
  });
}

function portError(where: string, why: string): PipelineError {
  const denied = /permission/i.test(why);
  return new PipelineError('local.port-taken', `The load balancer cannot listen on ${where}: ${why}.`, {
    fix: denied
      ? 'Use a listener port of 1024 or above, or run as root.'
      : `End the process that holds ${where}, or use another listener port.`,
  });
}

/** Refuses addresses that another process holds, before anything is changed. */
export async function probePorts(places: { address: string; port: number }[]): Promise<void> {
  for (const { address, port } of places) {
    await new Promise<void>((resolve, reject) => {
      const server = createServer();
      server.once('error', (error: NodeJS.ErrnoException) => {
        const why =
          error.code === 'EADDRINUSE'
            ? 'Address already in use'
            : error.code === 'EACCES'
              ? 'Permission denied'
              : error.message;
        reject(portError(`${address}:${port}`, why));
      });
      server.listen({ host: address, port, exclusive: true }, () => server.close(() => resolve()));
    });
  }
}
