import { usageError } from '@golden-pipeline/shared/errors';
import { withServices } from '../../composition/with-services.ts';
import { assertNamedLedger } from '../../config/named-ledger.ts';
import { parseBatch } from '../../restart/batch.ts';
import { restartOperation } from '../../restart/operation.ts';
import { planRestart } from '../../restart/plan.ts';
import type { CommandModule } from '../command.ts';
import { fleetOf } from '../fleets.ts';
import { parsed, parseOptions } from '../options.ts';
import { runCommand } from '../run-command.ts';
import { instanceStart } from './support/host-choice.ts';

/** `pipeline restart <app>`: restarts its service on every instance, without a release and without a lost request. */
export const run: CommandModule['run'] = async (context, [app], options) => {
  const request = parseOptions(options, { instance: parsed(instanceStart), batch: parsed(parseBatch) });
  if (request.instance !== undefined && request.batch !== undefined) {
    throw usageError('usage.option', '--instance and --batch exclude each other', 'leave one of them out');
  }
  const fleet = await fleetOf(context, app, options);
  assertNamedLedger(fleet);
  return withServices(context, fleet, (services) =>
    runCommand(context, options, {
      operation: restartOperation,
      services,
      plan: () => planRestart(services, context.clock, request),
      question: ({ initial: { instance } }) =>
        `restart the service of ${fleet.app} in ${fleet.environment} on ${instance ?? 'every instance'}`,
    }),
  );
};
