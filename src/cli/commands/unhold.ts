import { PipelineError } from '@golden-pipeline/shared/errors';
import { whoWorks } from '../../composition/surroundings.ts';
import { withLedger } from '../../composition/with-services.ts';
import type { CommandModule } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { endedLine } from '../views/holds.ts';
import { writeJson } from '../views/json.ts';
import { announceHold } from './support/announce-hold.ts';
import { holdScopeOf } from './support/hold-scope.ts';

/** `pipeline unhold [app]`: ends a hold. */
export const run: CommandModule['run'] = async (context, [app], options) => {
  const { scope, fleet, fleets } = await holdScopeOf(context, app, options);
  const { owner, host } = whoWorks(context);
  const ended = await withLedger(context, fleet, async (ledger) => {
    const hold = await ledger.holds.end(scope, `${owner}@${host}`);
    if (hold) await announceHold(context, ledger, fleets, hold);
    return hold;
  });
  const what = scope === 'environment' ? `environment ${fleet.environment}` : `${scope.app} in ${fleet.environment}`;
  if (!ended) {
    const fix = `pipeline status${scope === 'environment' ? '' : ` ${scope.app}`} shows what is on hold`;
    throw new PipelineError('hold.none', `${what} is not on hold`, { fix });
  }
  if (options.json) writeJson(context.stdout, ended);
  else context.stdout.write(`${endedLine(ended)}\n`);
  return exitCodes.done;
};
