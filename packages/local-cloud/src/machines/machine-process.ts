import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { Clock } from '@golden-pipeline/shared/clock';
import { allGone, isAlive, type ProcessRef, processRef, signalProcess } from './process-table.ts';
import { readyFd, statusFd } from './sandbox-command.ts';

export interface MachineProcess {
  /** The sandbox's own process and the machine's init, by their numbers on the host. */
  readonly refs: ProcessRef[];
  readonly init: ProcessRef;
  /** Resolves, with the reason, when nothing inside the machine runs any more. */
  readonly ended: Promise<string>;
}

/** How what an init says ends; before it comes the machine's private host key. */
const readyEnd = '\nready\n';
/** An init that says more than this, in characters, is not ours. */
const spokenLimit = 16 * 1024;

/**
 * Starts a sandbox and resolves as soon as its init runs (`started` is called with it) and has said that it is ready.
 * Rejects when the sandbox ends before that or is not ready after `timeoutMs`.
 * @returns the machine's private host key
 */
export async function startMachine(options: {
  argv: string[];
  environment: Record<string, string>;
  /** Descriptor of the open console log. */
  consoleFd: number;
  /** Descriptor of the open filter of system calls, if there is one. */
  filter?: number;
  clock: Clock;
  timeoutMs: number;
  started: (machine: MachineProcess) => void;
}): Promise<string> {
  const { clock, consoleFd } = options;
  // An own session (detached): a Ctrl-C in the daemon's terminal must not reach the machines.
  const child = spawn('bwrap', options.argv, {
    env: options.environment,
    detached: true,
    stdio: ['ignore', consoleFd, consoleFd, 'pipe', 'pipe', ...(options.filter === undefined ? [] : [options.filter])],
  });
  const refs: ProcessRef[] = [];
  const ended = onEnd(child).then(async (reason) => {
    await allGone(refs, clock);
    return reason;
  });
  const outer = child.pid === undefined ? undefined : processRef(child.pid);
  if (outer) refs.push(outer);
  const ready = textUntil(child.stdio[readyFd] as Readable, readyEnd);
  const initPid = await Promise.race([childPid(child.stdio[statusFd] as Readable), ended.then(() => undefined)]);
  const init = initPid === undefined ? undefined : processRef(initPid);
  if (!init) throw new Error(`The sandbox did not start: ${await ended}`);
  refs.push(init);
  const machine: MachineProcess = { refs, init, ended };
  options.started(machine);

  const timeout = Symbol('timeout');
  const waited = new AbortController();
  const outcome = await Promise.race([
    ready,
    ended,
    clock.sleep(options.timeoutMs, waited.signal).then(
      () => timeout,
      () => timeout,
    ),
  ]);
  waited.abort(new Error('no longer waited for'));
  if (typeof outcome === 'string' && outcome.endsWith(readyEnd)) return outcome.slice(0, -readyEnd.length);
  if (isAlive(init)) signalProcess(init, 'SIGKILL');
  const reason = await ended;
  if (outcome === timeout) throw new Error(`The machine was not ready after ${options.timeoutMs} ms`);
  throw new Error(`The machine exited while it booted: ${reason}`);
}

function onEnd(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(`bwrap: ${error.message}`));
    child.once('exit', (code, signal) => resolve(signal ? `killed by ${signal}` : `init exited with ${code}`));
  });
}

/** What a stream says up to `end`, with it; never resolves when the stream closes before, or says too much. */
function textUntil(stream: Readable, end: string): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => {
      if (text.length < spokenLimit) text += chunk;
      const at = text.indexOf(end);
      if (at >= 0) resolve(text.slice(0, at + end.length));
    });
    stream.on('error', () => undefined);
  });
}

/** bwrap's status is one JSON document a line; the first has the init's number on the host. */
async function childPid(stream: Readable): Promise<number | undefined> {
  const pid = JSON.parse(await textUntil(stream, '\n'))['child-pid'];
  return Number.isInteger(pid) ? pid : undefined;
}
