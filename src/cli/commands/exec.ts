import { hostname } from 'node:os';
import { PipelineError, usageError } from '@golden-pipeline/shared/errors';
import { type ExecListener, type ExecResult, execHere, execOnHosts } from '../../access/exec.ts';
import type { Accessor } from '../../access/record.ts';
import type { OpenServices } from '../../composition/services.ts';
import { withServices } from '../../composition/with-services.ts';
import { redactionOf } from '../../config/redaction.ts';
import type { Fleet } from '../../config/settings.ts';
import { exitCodeOf } from '../../engine/interrupt.ts';
import { chooseHosts, type FleetHost, fleetHosts } from '../../fleet/fleet-hosts.ts';
import { orAbort } from '../../shared/or-abort.ts';
import type { CommandModule, CommandOptions } from '../command.ts';
import { type CliContext, useColor } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { fleetOf } from '../fleets.ts';
import { flag, parseOptions } from '../options.ts';
import { safeCommandLine } from '../redact-words.ts';
import { type StopSignals, stopSignalsOf } from '../stop-signals.ts';
import { execSummary, prefixes } from '../views/exec.ts';
import { writeJson } from '../views/json.ts';
import { colorsFor, printable } from '../views/text.ts';
import { readHostChoice } from './support/host-choice.ts';

/** Characters of the output of an instance that `--json` keeps: the last ones. */
const keptOutput = 256 * 1024;

/** `pipeline exec <app> -- <command>`: as the service's user, in its folder and with its environment, on one instance or on all. */
export const run: CommandModule['run'] = async (context, [app, ...words], options) => {
  const command = words.filter((word) => word !== undefined);
  const { all, one, interactive: terminal } = parseOptions(options, { all: flag, one: flag, interactive: flag });
  const choice = readHostChoice(options);
  refuseContradictions(context, options, { all, one, terminal, instance: choice.instance });
  const fleet = await fleetOf(context, app, options);
  const stop = stopSignalsOf(context);
  const work = async (services: OpenServices) => {
    const hosts = chooseHosts(await orAbort(fleetHosts(services), stop.signal), fleet, choice);
    if (!all && !options.json) return onOne(context, services, hosts[0] as FleetHost, { command, terminal }, stop);
    if (!all) return onAll(context, options, services, hosts.slice(0, 1), command, stop);
    const serving = hosts.filter((host) => host.serves);
    if (serving.length === 0) {
      throw new PipelineError('instance.none', `no instance of ${app} is in service`, {
        fix: `pipeline status ${app}`,
      });
    }
    return onAll(context, options, services, serving, command, stop);
  };
  return withServices(context, fleet, work, stop.signal).finally(() => stop.remove());
};

type Ports = Parameters<typeof execOnHosts>[0];

async function onOne(
  context: CliContext,
  ports: Ports,
  host: FleetHost,
  { command, terminal }: { command: readonly string[]; terminal: boolean },
  stop: StopSignals,
): Promise<number> {
  const accessor = accessorOf(context, ports.fleet, 'exec');
  const listener = listenerOf(context, (id) => `on ${named(host)}; recorded as ${id}`);
  const result = await execHere(ports, host, command, { terminal }, listener, accessor, stop.signal);
  return endOfOne(result, stop.received && exitCodeOf[stop.received]);
}

/** The exit code of the command itself. @throws PipelineError `exec.unreachable` where there is none */
export function endOfOne({ id, exitCode, error }: ExecResult, interrupted: number | undefined): number {
  if (interrupted !== undefined) return interrupted;
  if (exitCode !== undefined) return exitCode;
  throw new PipelineError('exec.unreachable', `${id}: ${error ?? 'it is not known how it ended'}`);
}

async function onAll(
  context: CliContext,
  options: CommandOptions,
  ports: Ports,
  hosts: readonly FleetHost[],
  command: readonly string[],
  stop: StopSignals,
): Promise<number> {
  const colors = colorsFor(useColor(context, options, context.stdout));
  const prefix = prefixes(hosts, colors);
  const output = new Map<string, string>();
  const listener: ExecListener = {
    ...listenerOf(
      context,
      (id) =>
        `on ${hosts.length === 1 ? named(hosts[0] as FleetHost) : `${hosts.length} instances`}; recorded as ${id}`,
    ),
    line(host, line) {
      if (options.json) {
        output.set(host.instanceId, `${output.get(host.instanceId) ?? ''}${line}\n`.slice(-keptOutput));
      } else context.stdout.write(`${prefix(host)} ${printable(line)}\n`);
      // Nobody reads any more, as after `| head`.
      if (context.stdout.lost) stop.abort();
    },
  };
  const accessor = accessorOf(context, ports.fleet, 'exec');
  const results = await execOnHosts(ports, hosts, command, listener, accessor, stop.signal);
  const failed = results.some((result) => result.exitCode !== 0);
  const code = stop.received ? exitCodeOf[stop.received] : failed ? exitCodes.failed : exitCodes.done;
  if (options.json) {
    const { app, environment } = ports.fleet;
    const instances = results.map((result) => ({ ...result, output: output.get(result.id) ?? '' }));
    writeJson(context.stdout, { app, environment, command, outcome: failed ? 'failed' : 'done', instances });
  } else context.stderr.write(printable(execSummary(results)));
  return code;
}

/** Who does it, for the record of the ledger. */
export function accessorOf(context: CliContext, fleet: Fleet, operation: Accessor['operation']): Accessor {
  const redact = redactionOf(fleet, context.env);
  return { operation, host: hostname(), command: safeCommandLine(context.argv, redact), clock: context.clock };
}

export function listenerOf(context: CliContext, begun: (id: string) => string): ExecListener {
  const note = (text: string) => void context.stderr.write(`${printable(text)}\n`);
  return { begun: (id) => note(begun(id)), line: () => undefined, note };
}

export const named = ({ instanceId, version }: FleetHost): string =>
  `${instanceId}${version === undefined ? '' : ` (${version})`}`;

function refuseContradictions(
  context: CliContext,
  options: CommandOptions,
  { all, one, terminal, instance }: { all: boolean; one: boolean; terminal: boolean; instance?: string },
): void {
  const given = [all && '--all', one && '--one', instance !== undefined && '--instance'].filter(Boolean);
  if (given.length > 1) {
    throw usageError('usage.option', `${given.join(' and ')} do not go together`, 'name where it runs in one way');
  }
  if (!terminal) return;
  if (all)
    throw usageError(
      'usage.option',
      '-i gives the terminal to one instance, and --all names several',
      'leave out --all',
    );
  if (options.json) throw usageError('usage.option', '-i and --json do not go together', 'leave out -i');
  refuseWithoutTerminal(context, '-i');
}

/** @throws usage error `usage.terminal` */
export function refuseWithoutTerminal(context: CliContext, what: string): void {
  if (context.interactive && context.stdout.isTTY) return;
  throw usageError(
    'usage.terminal',
    `${what} needs a terminal, and the input or output of this command is not one`,
    'pipeline exec <app> -- <command>',
  );
}
