import type { Clock } from '@golden-pipeline/shared/clock';
import { usageError } from '@golden-pipeline/shared/errors';
import { withServices } from '../../composition/with-services.ts';
import type { Fleet } from '../../config/settings.ts';
import { readDrift } from '../../fleet/configuration/read-drift.ts';
import type { Services } from '../../fleet/services.ts';
import { readCommitUrl } from '../../hosts/git/remote.ts';
import { readOutlook } from '../../rollback/outlook.ts';
import { readStatus } from '../../status/read.ts';
import { readServed } from '../../status/served.ts';
import type { CommandModule, CommandOptions } from '../command.ts';
import { type CliContext, useColor } from '../context.ts';
import { inAllEnvironments } from '../environments.ts';
import { exitCodes } from '../exit-codes.ts';
import { fleetOf, fleetsOf } from '../fleets.ts';
import { noteWaiting } from '../notifications.ts';
import { flag, parseOptions } from '../options.ts';
import { errorDocument, renderUnreachable } from '../views/errors.ts';
import { writeJson } from '../views/json.ts';
import { renderStatus } from '../views/status.ts';
import { colorsFor } from '../views/text.ts';

/** `pipeline status [app]`: what serves now. Without an app, all apps of the project. */
export const run: CommandModule['run'] = async (context, [app], options) => {
  const { allEnvironments } = parseOptions(options, { allEnvironments: flag });
  if (allEnvironments) return everywhere(context, app, options);
  const fleets = app === undefined ? await fleetsOf(context, options) : [await fleetOf(context, app, options)];
  const statuses = await Promise.all(fleets.map((fleet) => statusOf(context, fleet)));
  if (options.json) writeJson(context.stdout, app === undefined ? statuses : statuses[0]);
  else {
    const colors = colorsFor(useColor(context, options, context.stdout));
    context.stdout.write(statuses.map((status) => renderStatus(status, colors, context.clock.now())).join('\n'));
  }
  await noteWaiting(context, fleets);
  return exitCodes.done;
};

/** One that cannot be read is reported in its place, and the exit code is 1: the answer is not complete. */
async function everywhere(context: CliContext, app: string | undefined, options: CommandOptions): Promise<number> {
  if (options.env !== undefined) {
    throw usageError('usage.option', '--all-environments and --env exclude each other', 'leave one of them out');
  }
  const places = await inAllEnvironments(context, app, options);
  const read = await Promise.all(
    places.map(async ({ app, environment, fleet }) => {
      try {
        return { status: await statusOf(context, fleet()) };
      } catch (error) {
        return { app, environment, error, status: undefined };
      }
    }),
  );
  if (options.json) {
    const documents = read.map((one) =>
      one.status === undefined
        ? { app: one.app, environment: one.environment, ...errorDocument(one.error) }
        : one.status,
    );
    writeJson(context.stdout, documents);
  } else {
    const colors = colorsFor(useColor(context, options, context.stdout));
    const now = context.clock.now();
    const texts = read.map((one) =>
      one.status === undefined ? renderUnreachable(one, one.error, colors) : renderStatus(one.status, colors, now),
    );
    context.stdout.write(texts.join('\n'));
  }
  return read.some((one) => one.status === undefined) ? exitCodes.failed : exitCodes.done;
}

const statusOf = (context: CliContext, fleet: Fleet) =>
  withServices(context, fleet, (services) => readAll(services, context.clock));

/** Everything that `status` shows of a fleet. */
export async function readAll(services: Services, clock: Clock) {
  const { ledger, fleet, changesVersion } = services;
  const [status, rollback, configuration] = await Promise.all([
    readStatus(services),
    readOutlook(services),
    readDrift(services, clock),
  ]);
  const { app, version } = status;
  const urlOf = (commit: string) => readCommitUrl(fleet.source.repository, commit);
  const release = version === null ? null : await readServed(ledger, { app, version }, changesVersion, urlOf);
  return { ...status, release, rollback, configuration };
}
