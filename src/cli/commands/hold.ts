import { usageError } from '@golden-pipeline/shared/errors';
import { whoWorks } from '../../composition/surroundings.ts';
import { withLedger } from '../../composition/with-services.ts';
import { redactionOf } from '../../config/redaction.ts';
import { unholdCommand } from '../../ledger/holds.ts';
import type { CommandModule } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { parsed, parseOptions } from '../options.ts';
import { timeOf } from '../times.ts';
import { holdLine } from '../views/holds.ts';
import { writeJson } from '../views/json.ts';
import { announceHold } from './support/announce-hold.ts';
import { holdScopeOf } from './support/hold-scope.ts';
import { reasonOf } from './support/reason.ts';

/** `pipeline hold [app] --reason R [--until T]`: refuses releases and changes of size until it ends. */
export const run: CommandModule['run'] = async (context, [app], options) => {
  const { until } = parseOptions(options, { until: parsed((given) => timeOf(given, '--until')) });
  const reason = reasonOf(options);
  if (reason === undefined) {
    throw usageError('usage.reason', 'a hold needs a reason', '--reason "why, in a sentence"');
  }
  if (until !== undefined && until <= context.clock.now()) {
    throw usageError('hold.until', `--until ${options.until} is in the past`, 'give a time to come');
  }
  const { scope, fleet, fleets } = await holdScopeOf(context, app, options);
  const { owner, host } = whoWorks(context);
  const hold = await withLedger(context, fleet, async (ledger) => {
    const placed = await ledger.holds.place(scope, {
      reason: redactionOf(fleet, context.env)(reason),
      by: `${owner}@${host}`,
      ...(until !== undefined && { until }),
    });
    await announceHold(context, ledger, fleets, placed);
    return placed;
  });
  if (options.json) writeJson(context.stdout, hold);
  else context.stdout.write(`${holdLine(hold)}\nto end it: ${unholdCommand(hold)}\n`);
  return exitCodes.done;
};
