import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { PipelineError } from '@golden-pipeline/shared/errors';

/** Where Debian keeps HAProxy; an ordinary user's PATH lacks it. */
const systemFolders = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/** Absolute path of a program, or undefined. */
export function findProgram(name: string): string | undefined {
  if (isAbsolute(name)) return runnable(name) ? name : undefined;
  const folders = [...(process.env.PATH ?? '').split(delimiter).filter(Boolean), ...systemFolders];
  return folders.map((folder) => join(folder, name)).find(runnable);
}

function runnable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The program's path, or an error that says what to install. */
export function haproxyPath(binary: string): string {
  const path = findProgram(binary);
  if (path) return path;
  throw new PipelineError(
    'local.haproxy-missing',
    `HAProxy, the load balancer of the local cloud, was not found (${binary}).`,
    {
      fix: 'Install it: apt-get install haproxy',
    },
  );
}

/** Start time of a living process in clock ticks since boot; undefined if it is gone or a zombie. Tells reused pids apart. */
export function startTime(pid: number): string | undefined {
  try {
    // Fields after the name, which may hold spaces and brackets: state is the first, the start time the 20th.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

/** A running HAProxy master with its workers, in a process group of its own. */
export class HaproxyChild {
  readonly pid: number;
  #process: ChildProcess;
  #output: string[] = [];
  #ended = false;

  /**
   * Starts `binary` in `dir`; `onExit` is called once when the master has ended, however.
   * @param log File that takes its standard output.
   */
  constructor(
    binary: string,
    dir: string,
    args: string[],
    onExit: (how: string) => void,
    log: number | 'ignore' = 'ignore',
  ) {
    // The kernel ends the master when this process dies, however it dies; its workers end with it.
    const setpriv = findProgram('setpriv');
    const [command, argv] = setpriv ? [setpriv, ['--pdeathsig', 'TERM', binary, ...args]] : [binary, args];
    this.#process = spawn(command, argv, { cwd: dir, detached: true, stdio: ['ignore', log, 'pipe'] });
    this.pid = this.#process.pid ?? 0;
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#output = [...this.#output, ...text.split('\n').filter(Boolean)].slice(-100);
    });
    const end = (how: string): void => {
      if (this.#ended) return;
      this.#ended = true;
      onExit(how);
    };
    this.#process.on('error', (error) => end(error.message));
    this.#process.on('exit', (code, signal) => end(signal ? `signal ${signal}` : `exit code ${code}`));
    const started = startTime(this.pid);
    if (started) writeFileSync(pidFile(dir), JSON.stringify({ pid: this.pid, started }), { mode: 0o600 });
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** The last lines HAProxy printed. */
  get output(): string[] {
    return this.#output;
  }

  signal(name: NodeJS.Signals): void {
    if (!this.#ended) this.#process.kill(name);
  }

  /** Ends master and workers, old ones too, at once. */
  killAll(): void {
    killGroup(this.pid);
  }
}

const pidFile = (dir: string): string => join(dir, 'haproxy.pid.json');

/** Ends what an earlier process left running in `dir`, if it is that process still and not a reused pid. */
export function endStale(dir: string): void {
  if (!existsSync(pidFile(dir))) return;
  try {
    const { pid, started } = JSON.parse(readFileSync(pidFile(dir), 'utf8')) as { pid: number; started: string };
    if (Number.isInteger(pid) && pid > 1 && startTime(pid) === started) killGroup(pid);
  } catch {
    // A torn pid file names no process.
  }
  rmSync(pidFile(dir), { force: true });
}

function killGroup(pid: number): void {
  if (pid <= 1) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}
