import { usageError } from '@golden-pipeline/shared/errors';
import { show } from '@golden-pipeline/shared/text';
import { withServices } from '../../composition/with-services.ts';
import type { Fleet } from '../../config/settings.ts';
import { refreshSecretsOperation } from '../../secrets/operation.ts';
import { planRefresh } from '../../secrets/plan-refresh.ts';
import { readSecrets } from '../../secrets/read.ts';
import type { CommandModule, CommandOptions } from '../command.ts';
import { type CliContext, useColor } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { fleetOf } from '../fleets.ts';
import { runCommand } from '../run-command.ts';
import { writeJson } from '../views/json.ts';
import { renderSecrets } from '../views/secrets.ts';
import { colorsFor } from '../views/text.ts';

/** `pipeline secrets <app> [refresh]`: where its secrets are kept and whether they are there; or all hosts read them anew. */
export const run: CommandModule['run'] = async (context, [app, action], options) => {
  if (action !== undefined && action !== 'refresh') {
    throw usageError('usage.action', `${show(action)} is not an action of secrets`, 'refresh, or nothing for a list');
  }
  if (action === undefined && options.dryRun) {
    throw usageError('usage.option', '--dry-run goes with refresh only', `pipeline secrets ${app} refresh --dry-run`);
  }
  const fleet = await fleetOf(context, app, options);
  if (action === 'refresh') return refresh(context, fleet, options);
  const secrets = await withServices(context, fleet, readSecrets);
  if (options.json) writeJson(context.stdout, secrets);
  else context.stdout.write(renderSecrets(fleet, secrets, colorsFor(useColor(context, options, context.stdout))));
  return exitCodes.done;
};

function refresh(context: CliContext, fleet: Fleet, options: CommandOptions): Promise<number> {
  return withServices(context, fleet, (services) =>
    runCommand(context, options, {
      operation: refreshSecretsOperation,
      services,
      plan: () => planRefresh(services, context.clock),
      question: () =>
        `read the secrets of ${fleet.app} in ${fleet.environment} again and restart its service on every instance`,
    }),
  );
}
