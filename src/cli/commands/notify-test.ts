import { usageError } from '@golden-pipeline/shared/errors';
import { show } from '@golden-pipeline/shared/text';
import { readReference } from '../../composition/read-reference.ts';
import { whoWorks } from '../../composition/surroundings.ts';
import { targetName } from '../../config/notify-problems.ts';
import type { NotifyTarget } from '../../config/schema/notify.ts';
import type { Fleet } from '../../config/settings.ts';
import type { OutboxRecord } from '../../ledger/notification.ts';
import { attempt } from '../../notify/deliver.ts';
import type { DeliveryError } from '../../notify/delivery-error.ts';
import { targetOf } from '../../notify/targets/index.ts';
import { instantText } from '../../shared/instant.ts';
import type { CommandModule } from '../command.ts';
import { type CliContext, useColor } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { fleetOf } from '../fleets.ts';
import { writeJson } from '../views/json.ts';
import { columns } from '../views/table.ts';
import { colorsFor } from '../views/text.ts';

/** `pipeline notify test <app> [target]`: exit code 1 when one of them does not take it. */
export const run: CommandModule['run'] = async (context, [app, name], options) => {
  const fleet = await fleetOf(context, app, options);
  const { targets } = fleet.notify;
  const where = `${fleet.app} in ${fleet.environment}`;
  if (targets.length === 0) {
    const fix = 'set notify.targets in pipelines/environments.ts: golden-pipeline/docs/notifications.md';
    throw usageError('notify.none', `${where} has no targets of notifications`, fix);
  }
  const chosen = targets.filter((target) => name === undefined || targetName(target) === name);
  if (chosen.length === 0) {
    const known = targets.map(targetName).join(', ');
    throw usageError('notify.unknown', `${where} has no target ${show(name)}`, `its targets: ${known}`);
  }
  const results = await Promise.all(chosen.map((target) => tryTarget(context, fleet, target)));
  if (options.json) writeJson(context.stdout, results);
  else {
    const rows = results.map(({ target, state, reason }) => [target, state, reason]);
    const colors = colorsFor(useColor(context, options, context.stdout));
    context.stdout.write(`${columns(['target', 'state', 'reason'], rows, colors)}\n`);
  }
  return results.every(({ state }) => state === 'delivered') ? exitCodes.done : exitCodes.failed;
};

/** What became of a test, in the words of `notify list`. */
interface Tried {
  target: string;
  to: NotifyTarget['to'];
  state: Extract<OutboxRecord['state'], 'delivered' | 'failed'>;
  reason: string | null;
}

async function tryTarget(context: CliContext, fleet: Fleet, configured: NotifyTarget): Promise<Tried> {
  const { clock } = context;
  const { owner, host } = whoWorks(context);
  const at = instantText(clock.now());
  const target = targetName(configured);
  const { app, environment } = fleet;
  const notification = {
    ...{ id: `${at.replace(/[-:.Z]/g, '')}.test.${target}`, occasion: 'test' as const },
    ...{ app, environment, at, by: `${owner}@${host}` },
  };
  const tools = { clock, readReference: (reference: string) => readReference(context, fleet, reference) };
  try {
    await attempt(tools, fleet, configured, targetOf(configured), notification, undefined);
    return { target, to: configured.to, state: 'delivered', reason: null };
  } catch (error) {
    // Everything that `attempt` throws is one, without secrets.
    return { target, to: configured.to, state: 'failed', reason: (error as DeliveryError).message };
  }
}
