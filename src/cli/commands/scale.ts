import { usageError } from '@golden-pipeline/shared/errors';
import { show } from '@golden-pipeline/shared/text';
import { withServices } from '../../composition/with-services.ts';
import { assertNamedLedger } from '../../config/named-ledger.ts';
import { planScale, planScaleCancel } from '../../scale/plan.ts';
import { readScale } from '../../scale/read-status.ts';
import { type Instant, instantText } from '../../shared/instant.ts';
import type { CommandModule, CommandOptions } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { fleetOf } from '../fleets.ts';
import { operate } from '../operate.ts';
import { takeBackDead } from '../take-back.ts';
import { timeOf } from '../times.ts';
import { writeJson } from '../views/json.ts';
import { renderScale } from '../views/scale.ts';

/** `pipeline scale <app> <n> [--at T] [--until T]`, `--status`, `--cancel` */
export const run: CommandModule['run'] = async (context, [app, size], options) => {
  const request = readRequest(size, options);
  const fleet = await fleetOf(context, app, options);
  if (request !== 'status') assertNamedLedger(fleet);
  return withServices(context, fleet, async (services) => {
    if (request === 'status') {
      const status = await readScale(services, context.clock);
      if (options.json) writeJson(context.stdout, status);
      else context.stdout.write(renderScale(status));
      return exitCodes.done;
    }
    await takeBackDead(context, services, options, dealing);
    const where = `${fleet.app} in ${fleet.environment}`;
    if (request === 'cancel') {
      return operate(context, options, {
        fleet,
        services,
        plan: await planScaleCancel(services, context.clock),
        confirm: `take the fleet back to its usual size, ${where}`,
        describe: ({ group }) => ({ group, cancelled: true }),
        undoHint: () => undefined,
      });
    }
    return operate(context, options, {
      fleet,
      services,
      plan: await planScale(services, context.clock, request),
      confirm: `scale the fleet to ${request.to} machines, ${where}`,
      describe: ({ group, scale: { to, at, until, was } }) => {
        return { group, to, at: textOrNull(at), until: textOrNull(until), before: was.desired };
      },
      undoHint: () => `pipeline scale ${fleet.app} --cancel`,
    });
  });
};

const textOrNull = (time: Instant | undefined) => (time === undefined ? null : instantText(time));

/** A fleet that a dead release has left on two versions is not made larger. */
const dealing = { goal: 'scale', takesBack: ['scale'], refuses: ['release', 'fast-rollback'] };

function readRequest(size: string | undefined, options: CommandOptions) {
  const { at, until } = options;
  const asked = [options.status && '--status', options.cancel && '--cancel', size].filter(Boolean);
  if (asked.length !== 1) {
    throw usageError(
      'scale.what',
      asked.length === 0 ? 'how many machines?' : `${asked.join(' and ')} do not go together`,
      'pipeline scale <app> <n>, --status or --cancel',
    );
  }
  if (size === undefined) {
    if (at === undefined && until === undefined) return options.status ? 'status' : 'cancel';
    throw usageError(
      'scale.what',
      'a time goes with a number of machines only',
      'pipeline scale <app> <n> --at <time>',
    );
  }
  if (!/^[0-9]{1,5}$/.test(size)) {
    throw usageError('scale.size', `${show(size)} is no number of machines`, 'give a whole number');
  }
  return {
    to: Number(size),
    at: typeof at === 'string' ? timeOf(at, '--at') : undefined,
    until: typeof until === 'string' ? timeOf(until, '--until') : undefined,
  };
}
