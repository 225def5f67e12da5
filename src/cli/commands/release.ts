import { gitRef } from '../../config/names.ts';
import { planRelease } from '../../operations/release.ts';
import type { CommandModule } from '../command.ts';
import { fleetOf } from '../fleets.ts';
import { operate } from '../operate.ts';
import { aroundOf } from '../tasks.ts';
import { withServices } from '../with-services.ts';
import { servingFacts, undoByRollback } from './support/serving.ts';

/** `pipeline release <app>` */
export const run: CommandModule['run'] = async (context, [app], options) => {
  const ref = typeof options.ref === 'string' ? gitRef(options.ref) : undefined;
  const bake = options.bake === 'detach' || options.bake === 'builder' ? options.bake : undefined;
  const strategy = options.strategy === 'rolling' || options.strategy === 'blue-green' ? options.strategy : undefined;
  const fleet = await fleetOf(context, app, options);
  return withServices(context, fleet, async (services) => {
    const irreversible = options.irreversible === true;
    const fromBase = options.fromBase === true;
    const around = await aroundOf(context, fleet, options);
    const plan = await planRelease(services, context.clock, { ref, bake, fromBase, strategy, irreversible, around });
    return operate(context, options, {
      fleet,
      services,
      plan,
      confirm: `release ${plan.initial.version} of ${fleet.app} to ${fleet.environment}`,
      describe: servingFacts,
      undoHint: (state) => undoByRollback(fleet.app, state),
    });
  });
};
