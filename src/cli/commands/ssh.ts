import { usageError } from '@golden-pipeline/shared/errors';
import { logIn } from '../../access/exec.ts';
import type { OpenServices } from '../../composition/services.ts';
import { withServices } from '../../composition/with-services.ts';
import { exitCodeOf } from '../../engine/interrupt.ts';
import { chooseHosts, type FleetHost, fleetHosts } from '../../fleet/fleet-hosts.ts';
import { orAbort } from '../../shared/or-abort.ts';
import type { CommandModule } from '../command.ts';
import { fleetOf } from '../fleets.ts';
import { stopSignalsOf } from '../stop-signals.ts';
import { accessorOf, endOfOne, listenerOf, named, refuseWithoutTerminal } from './exec.ts';
import { readHostChoice } from './support/host-choice.ts';

/** `pipeline ssh <app>`: a login shell on one instance, with the pinned host keys; its exit code is that of the shell. */
export const run: CommandModule['run'] = async (context, [app], options) => {
  const choice = readHostChoice(options);
  if (options.json) throw usageError('usage.option', 'ssh has no --json', `pipeline exec ${app} --json -- <command>`);
  // First, as a folder without a project has another fix.
  const fleet = await fleetOf(context, app, options);
  refuseWithoutTerminal(context, 'ssh');
  const stop = stopSignalsOf(context);
  try {
    const work = async (services: OpenServices) => {
      const host = chooseHosts(await orAbort(fleetHosts(services), stop.signal), fleet, choice)[0] as FleetHost;
      const listener = listenerOf(context, (id) => `on ${named(host)} as ${fleet.ssh.user}; recorded as ${id}`);
      const result = await logIn(services, host, listener, accessorOf(context, fleet, 'ssh'), stop.signal);
      return endOfOne(result, stop.received && exitCodeOf[stop.received]);
    };
    return await withServices(context, fleet, work, stop.signal);
  } finally {
    stop.remove();
  }
};
