import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { PipelineError } from '@golden-pipeline/shared/errors';
import { ownFile } from '@golden-pipeline/shared/own-files';
import { endStale } from '../elb/haproxy/child.ts';
import {
  daemonMark,
  daemonsOf,
  isAlive,
  type ProcessRef,
  processRef,
  signalProcess,
  sweep,
} from '../machines/process-table.ts';
import { balancerFolder, type CloudDescriptor, logFile, readDescriptor } from './descriptor.ts';
import { makeFolder } from './folder.ts';

/** How long a daemon may take to its end before it is killed, in milliseconds. */
const STOP_TIMEOUT_MS = 20_000;
const START_TIMEOUT_MS = 60_000;

/** The cloud that runs in `dir`; undefined when none does. Reads one file and one line of /proc. */
export function readCloud(dir: string): CloudDescriptor | undefined {
  const found = readDescriptor(dir);
  return found && processRef(found.pid)?.start === found.startTime ? found : undefined;
}

/** How a cloud in a process of its own is started. */
export interface SpawnOptions {
  /** Folder of the cloud's state; made if missing. One cloud at a time. */
  dir: string;
  /** The daemon's bundled program; found beside the caller's own when not given. */
  entry?: string;
  /** Port of the endpoint; without one the port it had before, else a free one. */
  port?: number;
  /** Those of before, at first the quick ones, when not given. */
  delays?: 'quick' | 'aws';
  /** The one that the folder was made with, at first `sandbox`, when not given. */
  driver?: 'sandbox' | 'simulated';
  /** How long it may take to be ready, in milliseconds; 60 s when not given. */
  timeoutMs?: number;
}

/** What the daemon prints, one line, when it is ready or has failed. */
export type StartReport =
  | { ready: true }
  | {
      ready: false;
      error: { code: string; message: string; fix?: string; details: string[]; outcome: PipelineError['outcome'] };
    };

/**
 * Starts a daemon of its own session, which outlives the caller, and resolves when it is ready.
 * @throws PipelineError with the daemon's own words, e.g. a port that is taken or a program to install; usage error
 * `local.folder` when the folder cannot be made or written to.
 */
export async function spawnCloud(options: SpawnOptions): Promise<CloudDescriptor> {
  const { port, delays, driver, timeoutMs = START_TIMEOUT_MS } = options;
  // The daemon has another working folder than the caller.
  const dir = resolve(options.dir);
  const entry = options.entry ?? findEntry();
  makeFolder(dir);
  const args = [entry, '--dir', dir];
  if (delays !== undefined) args.push('--delays', delays);
  if (driver !== undefined) args.push('--driver', driver);
  if (port !== undefined) args.push('--port', String(port));
  // What Node itself prints at a crash belongs in the log too.
  const log = openSync(logFile(dir), 'a', 0o600);
  const env = { ...process.env, ...daemonMark(dir) };
  const child = spawn(process.execPath, args, { detached: true, stdio: ['ignore', 'pipe', log], cwd: '/', env });
  closeSync(log);
  const report = await new Promise<StartReport>((fulfill, reject) => {
    let text = '';
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(startError(dir, `it was not ready after ${timeoutMs / 1000} s`));
    }, timeoutMs);
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (!text.includes('\n')) return;
      clearTimeout(timer);
      fulfill(JSON.parse(text.slice(0, text.indexOf('\n'))) as StartReport);
    });
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(startError(dir, error.message));
    });
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      reject(startError(dir, `it exited with ${signal ?? `exit code ${code}`}`));
    });
  });
  child.stdout?.destroy();
  child.unref();
  if (!report.ready) {
    const { code, message, ...rest } = report.error;
    throw new PipelineError(code, message, rest);
  }
  const cloud = readCloud(dir);
  if (!cloud) throw startError(dir, 'it exited right after it was ready');
  return cloud;
}

/**
 * Stops the cloud in `folder` with its machines and balancer: politely, then by force. What a daemon that died left running is
 * killed too.
 * @returns whether one was running
 */
export async function stopCloud(folder: string, timeoutMs: number = STOP_TIMEOUT_MS): Promise<boolean> {
  const dir = resolve(folder);
  const cloud = readCloud(dir);
  // A daemon whose folder was deleted under it has no descriptor any more.
  const daemons = cloud ? [{ pid: cloud.pid, start: cloud.startTime }] : daemonsOf(dir);
  for (const daemon of daemons) signalProcess(daemon, 'SIGTERM');
  if (!(await gone(daemons, timeoutMs))) {
    for (const daemon of daemons) signalProcess(daemon, 'SIGKILL');
    await gone(daemons, 5_000);
  }
  sweep(dir);
  endStale(balancerFolder(dir));
  return daemons.length > 0;
}

async function gone(daemons: readonly ProcessRef[], timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (daemons.some(isAlive)) {
    if (Date.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return true;
}

/** The daemon's bundle: beside this file's own bundle, or in dist/ for code that runs from its sources. */
function findEntry(): string {
  const found = ownFile(['local-cloud.js', 'dist/local-cloud.js']);
  if (found !== undefined) return found;
  throw new PipelineError('local.not-built', 'the local cloud is not built: there is no dist/local-cloud.js', {
    fix: 'npm run build',
  });
}

function startError(dir: string, why: string): PipelineError {
  let details: string[] = [];
  try {
    details = readFileSync(logFile(dir), 'utf8').trimEnd().split('\n').slice(-5);
  } catch {
    // No log, nothing to add.
  }
  return new PipelineError('local.start-failed', `the local cloud did not start: ${why}`, {
    fix: `its log is ${logFile(dir)}`,
    details,
  });
}
