import { usageError } from '@golden-pipeline/shared/errors';
import { show } from '@golden-pipeline/shared/text';
import { withServices } from '../../composition/with-services.ts';
import { versionName } from '../../config/names.ts';
import type { Fleet } from '../../config/settings.ts';
import { pinOperation, pruneOperation, unpinOperation } from '../../retention/operations.ts';
import { planPin, planUnpin } from '../../retention/plan-pin.ts';
import { planPrune } from '../../retention/plan-prune.ts';
import { readImages } from '../../retention/read-images.ts';
import type { CommandModule, CommandOptions } from '../command.ts';
import { type CliContext, useColor } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { fleetOf } from '../fleets.ts';
import { flag, parseOptions, text } from '../options.ts';
import { runCommand } from '../run-command.ts';
import { renderImages } from '../views/images.ts';
import { writeJson } from '../views/json.ts';
import { colorsFor } from '../views/text.ts';

/** What each action takes besides the app. */
const takes: Readonly<Record<string, readonly string[]>> = {
  list: [],
  pin: ['version', 'reason', 'dryRun'],
  unpin: ['version', 'dryRun'],
  prune: ['force', 'dryRun'],
};

/** `pipeline images <app> [pin|unpin|prune] [version]`: its golden images, and what happens to them. */
export const run: CommandModule['run'] = async (context, [app, action = 'list', version], options) => {
  checkUsage(app, action, version, options);
  const fleet = await fleetOf(context, app, options);
  if (action === 'pin') return pin(context, fleet, versionName(version ?? ''), options);
  if (action === 'unpin') return unpin(context, fleet, versionName(version ?? ''), options);
  if (action === 'prune') return prune(context, fleet, options);
  const now = context.clock.now();
  const images = await withServices(context, fleet, (services) => readImages(services, now));
  if (options.json) writeJson(context.stdout, images);
  else context.stdout.write(renderImages(fleet, images, now, colorsFor(useColor(context, options, context.stdout))));
  return exitCodes.done;
};

function checkUsage(app = '', action: string, version: string | undefined, options: CommandOptions): void {
  const allowed = Object.hasOwn(takes, action) ? takes[action] : undefined;
  if (!allowed) {
    throw usageError('usage.action', `${show(action)} is not an action on images`, 'pin, unpin or prune');
  }
  if (allowed.includes('version') && version === undefined) {
    throw usageError('usage.version', `which version of ${app}?`, `pipeline images ${app} ${action} v42`);
  }
  if (version !== undefined && !allowed.includes('version')) {
    throw usageError('usage.version', `images ${action} takes no version, ${show(version)} was given`);
  }
  for (const [key, flag] of Object.entries({ reason: '--reason', force: '--force', dryRun: '--dry-run' })) {
    if (options[key] !== undefined && !allowed.includes(key)) {
      const users = Object.keys(takes).filter((name) => takes[name]?.includes(key));
      throw usageError('usage.option', `${flag} goes with ${users.join(' and ')} only`, 'pipeline images --help');
    }
  }
}

function pin(context: CliContext, fleet: Fleet, version: string, options: CommandOptions): Promise<number> {
  const { reason } = parseOptions(options, { reason: text });
  return withServices(context, fleet, (services) =>
    runCommand(context, options, {
      operation: pinOperation,
      services,
      plan: () => planPin(services, context.clock, { version, ...(reason !== undefined && { reason }) }),
      question: () => `pin ${version} of ${fleet.app} in ${fleet.environment}`,
    }),
  );
}

function unpin(context: CliContext, fleet: Fleet, version: string, options: CommandOptions): Promise<number> {
  return withServices(context, fleet, (services) =>
    runCommand(context, options, {
      operation: unpinOperation,
      services,
      plan: () => planUnpin(services, context.clock, version),
      question: () => `unpin ${version} of ${fleet.app} in ${fleet.environment}`,
    }),
  );
}

function prune(context: CliContext, fleet: Fleet, options: CommandOptions): Promise<number> {
  const { force } = parseOptions(options, { force: flag });
  return withServices(context, fleet, (services) =>
    runCommand(context, options, {
      operation: pruneOperation,
      services,
      plan: () => planPrune(services, context.clock, { force }),
      question: ({ initial: { retire, remove } }) =>
        `retire ${retire.length} and delete ${remove.length} image(s) of ${fleet.app} in ${fleet.environment}`,
    }),
  );
}
