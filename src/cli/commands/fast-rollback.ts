import { versionName } from '../../config/names.ts';
import { planRollback } from '../../operations/fast-rollback.ts';
import type { CommandModule } from '../command.ts';
import { fleetOf } from '../fleets.ts';
import { operate } from '../operate.ts';
import { withServices } from '../with-services.ts';
import { servingFacts, undoByRollback } from './support/serving.ts';

const ways = ['auto', 'switch', 'flip', 'roll'] as const;

/** `pipeline fast-rollback <app> [version]` */
export const run: CommandModule['run'] = async (context, [app, asked], options) => {
  const version = asked === undefined ? undefined : versionName(asked);
  const fleet = await fleetOf(context, app, options);
  return withServices(context, fleet, async (services) => {
    const plan = await planRollback(services, context.clock, {
      version,
      force: options.force === true,
      how: ways.find((way) => way === options.how),
      supersede: options.supersede === true,
      wait: options.wait === true,
    });
    return operate(context, options, {
      fleet,
      services,
      plan,
      confirm: `go back to ${plan.initial.version} of ${fleet.app} in ${fleet.environment}`,
      describe: servingFacts,
      undoHint: (state) => undoByRollback(fleet.app, state),
    });
  });
};
