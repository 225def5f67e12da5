import { withServices } from '../../composition/with-services.ts';
import { assertNamedLedger } from '../../config/named-ledger.ts';
import { rebuildLedgerOperation } from '../../ledger-rebuild/operation.ts';
import { planRebuild } from '../../ledger-rebuild/plan.ts';
import type { CommandModule } from '../command.ts';
import { fleetOf } from '../fleets.ts';
import { runCommand } from '../run-command.ts';

/** `pipeline ledger rebuild <app>`: adds the records that the ledger lacks, from the tags of the golden images. */
export const run: CommandModule['run'] = async (context, [app], options) => {
  const fleet = await fleetOf(context, app, options);
  assertNamedLedger(fleet);
  return withServices(context, fleet, (services) =>
    runCommand(context, options, {
      operation: rebuildLedgerOperation,
      services,
      plan: () => planRebuild(services, context.clock),
      question: ({ initial: { missing } }) =>
        `add ${missing.length} record(s) to the ledger of ${fleet.app} in ${fleet.environment}`,
    }),
  );
};
