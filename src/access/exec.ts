import { setMaxListeners } from 'node:events';
import { messageOf, PipelineError } from '@golden-pipeline/shared/errors';
import pMap from 'p-map';
import type { FleetHost } from '../fleet/fleet-hosts.ts';
import { releaseRoot } from '../fleet/release-root.ts';
import { programInCommand, sentProgram } from '../hosts/host-program.ts';
import type { AccessedInstance } from '../ledger/access.ts';
import { orAbort } from '../shared/or-abort.ts';
import { type Accessor, type AccessPorts, beginAccess } from './record.ts';

/** How a command ended on an instance. */
export type ExecResult = AccessedInstance;

/** Connections at once; each costs a login. */
const atOnce = 16;

/** What happens while commands run. */
export interface ExecListener {
  /** The record is written, and the command is started on these. */
  begun(id: string, hosts: readonly FleetHost[]): void;
  line(host: FleetHost, line: string): void;
  note(text: string): void;
}

/**
 * Runs a command on several hosts side by side, with its output line by line. Every host is tried; one that cannot be reached has an error
 * in its result.
 * @throws PipelineError `access.not-recorded`, and the reason of the signal, before anything is started
 */
export async function execOnHosts(
  ports: AccessPorts,
  hosts: readonly FleetHost[],
  command: readonly string[],
  listener: ExecListener,
  accessor: Accessor,
  signal: AbortSignal,
): Promise<ExecResult[]> {
  const { argv, input } = await sentCommand(ports, command, { merge: true });
  // Each connection listens to it.
  setMaxListeners(0, signal);
  return recorded(ports, hosts, listener, accessor, signal, () =>
    pMap(
      hosts,
      (host) =>
        resultOf(host, signal, () =>
          ports.hosts.stream(host, argv, { input, signal, onLine: (line) => listener.line(host, line) }),
        ),
      { concurrency: atOnce },
    ),
  );
}

/**
 * Runs a command on one host with the output of this process, and with its terminal where that is wanted.
 * @throws as {@link execOnHosts}
 */
export async function execHere(
  ports: AccessPorts,
  host: FleetHost,
  command: readonly string[],
  { terminal }: { terminal: boolean },
  listener: ExecListener,
  accessor: Accessor,
  signal: AbortSignal,
): Promise<ExecResult> {
  const argument = argumentOf(ports, command, { terminal: true, merge: false });
  const program = terminal
    ? { argv: await programInCommand('service_command', argument, ports.fleet.ssh) }
    : await sentCommand(ports, command, { merge: false });
  const { argv, ...input } = program;
  const results = await recorded(ports, [host], listener, accessor, signal, async () => [
    await resultOf(host, signal, () => ports.hosts.attach(host, argv, { terminal, signal, ...input })),
  ]);
  return results[0] as ExecResult;
}

/** A login shell on one host, in the folder of the release, until it is left. @throws as {@link execOnHosts} */
export async function logIn(
  ports: AccessPorts,
  host: FleetHost,
  listener: ExecListener,
  accessor: Accessor,
  signal: AbortSignal,
): Promise<ExecResult> {
  const shell = 'cd "$1" 2>/dev/null; [ -n "$SHELL" ] || SHELL=/bin/sh; exec "$SHELL" -l';
  const argv = ['/bin/sh', '-c', shell, 'sh', `${releaseRoot(ports.fleet)}/current`];
  const results = await recorded(ports, [host], listener, accessor, signal, async () => [
    await resultOf(host, signal, () => ports.hosts.attach(host, argv, { terminal: true, signal })),
  ]);
  return results[0] as ExecResult;
}

/** The argument of the program on the host (ansible/host-programs/service_command.py). */
function argumentOf(
  { fleet }: AccessPorts,
  command: readonly string[] | number,
  { terminal, merge }: { terminal: boolean; merge: boolean },
) {
  return { app: fleet.app, root: releaseRoot(fleet), command, terminal, merge };
}

/** The command goes the way of the program, and not as an argument: sudo writes arguments to the log of the host. */
async function sentCommand(ports: AccessPorts, command: readonly string[], { merge }: { merge: boolean }) {
  const words = JSON.stringify(command);
  const argument = argumentOf(ports, Buffer.byteLength(words), { terminal: false, merge });
  const { argv, input } = await sentProgram('service_command', argument, ports.fleet.ssh);
  return { argv, input: `${input}${words}` };
}

async function recorded(
  ports: AccessPorts,
  hosts: readonly FleetHost[],
  listener: ExecListener,
  accessor: Accessor,
  signal: AbortSignal,
  work: () => Promise<ExecResult[]>,
): Promise<ExecResult[]> {
  const access = await orAbort(beginAccess(ports, accessor, hosts), signal);
  listener.begun(access.id, hosts);
  const results = await work();
  const finish = access.finish(results);
  // What a signal has ended is recorded, too; a second one exits.
  await (signal.aborted ? finish : orAbort(finish, signal)).catch((error: unknown) =>
    listener.note(`its end could not be recorded in the ledger: ${messageOf(error)}`),
  );
  return results;
}

async function resultOf(
  { instanceId, version }: FleetHost,
  signal: AbortSignal,
  start: () => Promise<{ exitCode: number } | undefined>,
): Promise<ExecResult> {
  const host = { id: instanceId, ...(version !== undefined && { version }) };
  if (signal.aborted) return { ...host, error: 'interrupted before it was started' };
  try {
    const end = await start();
    return end ? { ...host, exitCode: end.exitCode } : { ...host, error: 'interrupted' };
  } catch (error) {
    if (error instanceof PipelineError && error.outcome === 'usage') throw error;
    return { ...host, error: messageOf(error) };
  }
}
