import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ownAnsibleFolder } from './ansible-files.ts';

/** A program that runs on a host, and is sent there each time it is needed. */
export type HostProgram = 'service_log' | 'service_command';

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
  const input = await textOf(name);
  const python = ['/usr/bin/python3', '-I', '-c', bootstrap, `${Buffer.byteLength(input)}`, JSON.stringify(argument)];
  return { argv: [...(become ? ['sudo', '-n'] : []), ...python], input };
}

/** The same as one command, for a connection whose input is what a person types. */
export async function programInCommand(
  name: HostProgram,
  argument: object,
  { become }: { become: boolean },
): Promise<string[]> {
  const python = ['/usr/bin/python3', '-I', '-c', await textOf(name), JSON.stringify(argument)];
  return [...(become ? ['sudo', '-n'] : []), ...python];
}

function textOf(name: HostProgram): Promise<string> {
  return readFile(join(ownAnsibleFolder(), 'host-programs', `${name}.py`), 'utf8');
}
