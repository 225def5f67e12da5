import { usageError } from '@golden-pipeline/shared/errors';
import { show } from '@golden-pipeline/shared/text';
import { withServices } from '../../composition/with-services.ts';
import { assertNamedLedger } from '../../config/named-ledger.ts';
import { planScale, planScaleCancel, readScale } from '../../scale/plan.ts';
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
    const cancel = request === 'cancel';
    await takeBackDead(context, services, options, dealing);
    const plan = cancel
      ? await planScaleCancel(services, context.clock)
      : await planScale(services, context.clock, request);
    const what = cancel ? 'take the fleet back to its usual size' : `scale the fleet to ${request.to} machines`;
    return operate(context, options, {
      fleet,
      services,
      plan,
      confirm: `${what}, ${fleet.app} in ${fleet.environment}`,
      describe: ({ group, scale: { to, at, until, was } }) =>
        cancel ? { group, cancelled: true } : { group, to, at: at ?? null, until: until ?? null, before: was.desired },
      undoHint: () => (cancel ? undefined : `pipeline scale ${fleet.app} --cancel`),
    });
  });
};

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
