import { usageError } from '@golden-pipeline/shared/errors';
import { show } from '@golden-pipeline/shared/text';
import { withServices } from '../../composition/with-services.ts';
import { assertNamedLedger } from '../../config/named-ledger.ts';
import { cancelOperation, scaleOperation } from '../../scale/operation.ts';
import { planScale, planScaleCancel } from '../../scale/plan.ts';
import { readScale } from '../../scale/read-status.ts';
import type { CommandModule, CommandOptions } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { fleetOf } from '../fleets.ts';
import { flag, parsed, parseOptions } from '../options.ts';
import { runCommand } from '../run-command.ts';
import { timeOf } from '../times.ts';
import { writeJson } from '../views/json.ts';
import { renderScale } from '../views/scale.ts';
import { emergencyOf } from './support/emergency.ts';

/** `pipeline scale <app> <n> [--at T] [--until T]`, `--status`, `--cancel` */
export const run: CommandModule['run'] = async (context, [app, size], options) => {
  const request = readRequest(size, options);
  const emergency = emergencyOf(options);
  const fleet = await fleetOf(context, app, options);
  if (request !== 'status') assertNamedLedger(fleet);
  return withServices(context, fleet, async (services) => {
    const { clock, stdout } = context;
    if (request === 'status') {
      const status = await readScale(services, clock);
      if (options.json) writeJson(stdout, status);
      else stdout.write(renderScale(status));
      return exitCodes.done;
    }
    const where = `${fleet.app} in ${fleet.environment}`;
    if (request === 'cancel') {
      return runCommand(context, options, {
        operation: cancelOperation,
        services,
        ...emergency,
        plan: () => planScaleCancel(services, clock),
        question: () => `return the fleet to its usual size, ${where}`,
      });
    }
    return runCommand(context, options, {
      operation: scaleOperation,
      services,
      ...emergency,
      plan: () => planScale(services, clock, request),
      question: () => `scale the fleet to ${request.to} instances, ${where}`,
    });
  });
};

function readRequest(size: string | undefined, options: CommandOptions) {
  const time = (name: 'at' | 'until') => parsed((given) => timeOf(given, `--${name}`));
  const { status, cancel, at, until } = parseOptions(options, {
    status: flag,
    cancel: flag,
    at: time('at'),
    until: time('until'),
  });
  const asked = [status && '--status', cancel && '--cancel', size].filter(Boolean);
  if (asked.length !== 1) {
    throw usageError(
      'scale.what',
      asked.length === 0 ? 'how many instances?' : `${asked.join(' and ')} do not go together`,
      'pipeline scale <app> <n>, --status or --cancel',
    );
  }
  if (size === undefined) {
    if (at === undefined && until === undefined) return status ? 'status' : 'cancel';
    throw usageError(
      'scale.what',
      'a time goes with a number of instances only',
      'pipeline scale <app> <n> --at <time>',
    );
  }
  if (!/^[0-9]{1,5}$/.test(size)) {
    throw usageError('scale.size', `${show(size)} is not a number of instances`, 'give a whole number');
  }
  return { to: Number(size), at, until };
}
