import { usageError } from '@golden-pipeline/shared/errors';
import { show } from '@golden-pipeline/shared/text';
import { withServices } from '../../composition/with-services.ts';
import type { Fleet } from '../../config/settings.ts';
import { planRefresh } from '../../secrets/plan-refresh.ts';
import { readSecrets } from '../../secrets/read.ts';
import type { CommandModule, CommandOptions } from '../command.ts';
import { type CliContext, useColor } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { fleetOf } from '../fleets.ts';
import { operate } from '../operate.ts';
import { takeBackDead } from '../take-back.ts';
import { writeJson } from '../views/json.ts';
import { renderSecrets } from '../views/secrets.ts';
import { colorsFor } from '../views/text.ts';

/** What of a crashed run is undone first, as its hosts may be out of service or hold other values. */
const dealing = {
  goal: 'refresh secrets',
  takesBack: ['release', 'repair', 'refresh-secrets', 'prune', 'pin', 'unpin'],
  refuses: ['fast-rollback'],
};

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
  return withServices(context, fleet, async (services) => {
    await takeBackDead(context, services, options, dealing);
    const plan = await planRefresh(services, context.clock);
    return operate(context, options, {
      fleet,
      services,
      plan,
      confirm: `read the secrets of ${fleet.app} in ${fleet.environment} anew and restart its service on every host`,
      describe: ({ names, finished = [], takeover }) => ({ names, hosts: finished.length, inPlace: takeover }),
      // The values before are in no store that could be asked for them.
      undoHint: () => undefined,
    });
  });
}
