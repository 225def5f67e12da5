import { usageError } from '@golden-pipeline/shared/errors';
import { show } from '@golden-pipeline/shared/text';
import { assertNamedLedger } from '../../../config/named-ledger.ts';
import { ledgersThatDiffer } from '../../../config/one-ledger.ts';
import { projectFleets } from '../../../config/project.ts';
import { projectDir } from '../../../config/project-dir.ts';
import type { Fleet } from '../../../config/settings.ts';
import type { HoldScope } from '../../../ledger/holds.ts';
import type { CommandOptions } from '../../command.ts';
import type { CliContext } from '../../context.ts';
import { fleetOf } from '../../fleets.ts';

/**
 * What `hold` and `unhold` are about: an app, or, with `--env` alone, everything in that environment; a fleet whose ledger has it; and
 * all fleets that it is about.
 * @throws usage errors for neither of the two, an environment that no app has, and one with more than one ledger
 */
export async function holdScopeOf(
  context: CliContext,
  app: string | undefined,
  options: CommandOptions,
): Promise<{ scope: HoldScope; fleet: Fleet; fleets: Fleet[] }> {
  if (app !== undefined) {
    const fleet = await fleetOf(context, app, options);
    assertNamedLedger(fleet);
    return { scope: { app: fleet.app }, fleet, fleets: [fleet] };
  }
  const { env } = options;
  if (env === undefined) {
    throw usageError('hold.what', 'which app?', 'name one; or, for everything in an environment, --env alone');
  }
  const fleets = await projectFleets(projectDir(context, options));
  const members = fleets.filter(({ environment }) => environment === env);
  const [fleet] = members;
  if (!fleet) {
    const known = [...new Set(fleets.map(({ environment }) => environment))].join(', ');
    throw usageError('config.environment', `no app has an environment ${show(env)}`, `one of: ${known}`);
  }
  const [differs] = ledgersThatDiffer(members);
  if (differs) throw differs;
  assertNamedLedger(fleet);
  return { scope: 'environment', fleet, fleets: members };
}
