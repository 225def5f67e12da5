import { withServices } from '../../composition/with-services.ts';
import { assertNamedLedger } from '../../config/named-ledger.ts';
import { planRebuild } from '../../ledger-rebuild/plan.ts';
import type { CommandModule } from '../command.ts';
import { fleetOf } from '../fleets.ts';
import { operate } from '../operate.ts';

/** `pipeline ledger rebuild <app>`: adds the records that the ledger lacks, from the tags of the golden images. */
export const run: CommandModule['run'] = async (context, [app], options) => {
  const fleet = await fleetOf(context, app, options);
  assertNamedLedger(fleet);
  return withServices(context, fleet, async (services) => {
    const plan = await planRebuild(services, context.clock);
    return operate(context, options, {
      fleet,
      services,
      plan,
      confirm: `add ${plan.initial.missing.length} record(s) to the ledger of ${fleet.app} in ${fleet.environment}`,
      describe: ({ added, differing }) => ({ added, differing }),
      undoHint: () => undefined,
    });
  });
};
