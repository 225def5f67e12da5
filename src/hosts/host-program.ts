import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '@golden-pipeline/shared/clock';
import { PipelineError } from '@golden-pipeline/shared/errors';
import { ownAnsibleFolder } from './ansible-files.ts';
import type { Host, Hosts } from './types.ts';

/** A program that runs on a host, and is sent there each time it is needed (ansible/host-programs/). */
export type HostProgram = 'service_log' | 'service_command' | 'service_state';

/** Python reads as many bytes of its input as the program has, and runs them; what follows is the program's own input. */
const bootstrap = 'import sys; exec(sys.stdin.buffer.read(int(sys.argv.pop(1))))';

/**
 * How a program is started over a connection whose input stays open: the command, and what is sent first. The program is not in the command,
 * as sudo writes commands to the host's log.
 * @param become Through sudo, without a password.
 */
export async function sentProgram(
  name: HostProgram,
  argument: object,
  { become }: { become: boolean },
): Promise<{ argv: string[]; input: string }> {
  const input = textOf(name);
  const python = ['/usr/bin/python3', '-I', '-c', bootstrap, `${Buffer.byteLength(input)}`, JSON.stringify(argument)];
  return { argv: [...(become ? ['sudo', '-n'] : []), ...python], input };
}

/**
 * Runs a program on a host to its end, and reads the last line that it prints, which is JSON.
 * @throws PipelineError `ssh.unreachable`; `host.program` when it fails, does not end in time, or prints something else
 */
export async function runHostProgram<T>(
  { hosts, clock, become }: { hosts: Pick<Hosts, 'stream'>; clock: Clock; become: boolean },
  host: Host,
  name: HostProgram,
  argument: object,
  timeoutMs: number,
): Promise<T> {
  const failed = (why: string) => new PipelineError('host.program', `${name} on ${host.instanceId}: ${why}`);
  const { argv, input } = await sentProgram(name, argument, { become });
  const limit = new AbortController();
  const timer = clock.after(timeoutMs, () => limit.abort());
  let last = '';
  try {
    const ended = hosts.stream(host, argv, {
      input,
      signal: limit.signal,
      onLine(line) {
        last = line;
      },
    });
    // A login may not even have begun.
    const aborted = new Promise<undefined>((resolve) =>
      limit.signal.addEventListener('abort', () => resolve(undefined), { once: true }),
    );
    const end = await Promise.race([ended, aborted]);
    if (!end) throw failed(`it did not answer within ${timeoutMs / 1000} s`);
    if (end.exitCode !== 0) throw failed(`exit ${end.exitCode}: ${end.stderr.trim().split('\n').at(-1) ?? ''}`);
  } finally {
    timer.cancel();
  }
  try {
    return JSON.parse(last) as T;
  } catch {
    throw failed(`it printed ${JSON.stringify(last.slice(0, 120))}`);
  }
}

/** As {@link sentProgram}, as one command, for a connection whose input is what a person types. */
export async function programInCommand(
  name: HostProgram,
  argument: object,
  { become }: { become: boolean },
): Promise<string[]> {
  const python = ['/usr/bin/python3', '-I', '-c', textOf(name), JSON.stringify(argument)];
  return [...(become ? ['sudo', '-n'] : []), ...python];
}

const texts = new Map<HostProgram, string>();

/** Read once, and without waiting for it: a rollback waits where logs are read. */
function textOf(name: HostProgram): string {
  const text = texts.get(name) ?? readFileSync(join(ownAnsibleFolder(), 'host-programs', `${name}.py`), 'utf8');
  texts.set(name, text);
  return text;
}
