import { execFile } from 'node:child_process';
import { findTool } from './host-tools.ts';

export interface Finished {
  code: number;
  stdout: string;
  stderr: string;
}

/** Lets the kernel end a tool when this process dies, however it dies; not every host has it. */
const setpriv = findTool('setpriv');

/**
 * Runs a host tool by argv and resolves with how it exited; rejects only when it could not be started. It does not outlive this
 * process: a copy that went on after a daemon's death would write into what the next daemon has begun anew.
 */
export function run(file: string, args: string[], options: { cwd?: string } = {}): Promise<Finished> {
  const settings = { cwd: options.cwd, env: { ...process.env, LC_ALL: 'C' }, maxBuffer: 16 * 1024 * 1024 };
  const [program, argv] = setpriv ? [setpriv, ['--pdeathsig', 'KILL', file, ...args]] : [file, args];
  return new Promise((resolve, reject) => {
    execFile(program, argv, settings, (error, stdout, stderr) => {
      if (error && typeof error.code === 'string') return reject(error);
      resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr });
    });
  });
}

/** At most `width` of the given tasks at a time: the disk gets slower, not faster, beyond a few copies at once. */
export function limiter(width: number): <T>(task: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (task) => {
    if (running >= width) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    try {
      return await task();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running--;
    }
  };
}
