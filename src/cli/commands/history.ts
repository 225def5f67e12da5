import { PipelineError, usageError } from '@golden-pipeline/shared/errors';
import { withLedger, withServices } from '../../composition/with-services.ts';
import type { Fleet } from '../../config/settings.ts';
import { runSchema } from '../../engine/schema.ts';
import type { AccessRecord } from '../../ledger/access.ts';
import { readOutlook } from '../../rollback/outlook.ts';
import { findAccess, readHistory } from '../../status/history.ts';
import { readRun } from '../../status/run-details.ts';
import type { CommandModule, CommandOptions } from '../command.ts';
import { type CliContext, useColor } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { fleetOf } from '../fleets.ts';
import { noteWaiting } from '../notifications.ts';
import { parseOptions, positive } from '../options.ts';
import { runDetailsDocument } from '../run-document.ts';
import { renderAccess } from '../views/access.ts';
import { renderHistory } from '../views/history.ts';
import { writeJson } from '../views/json.ts';
import { renderOutlook } from '../views/outlook.ts';
import { renderRun } from '../views/run-details.ts';
import { colorsFor, printable } from '../views/text.ts';

/** `pipeline history <app> [run]`: its runs, newest first, or one of them. */
export const run: CommandModule['run'] = async (context, [app, id], options) => {
  const { limit } = parseOptions(options, { limit: positive(20) });
  if (id !== undefined && options.limit !== undefined) {
    throw usageError(
      'usage.option',
      '--limit is for the list of runs, and one run was named',
      `pipeline history ${app} ${id}`,
    );
  }
  if (id === undefined && options.logs) {
    throw usageError(
      'usage.option',
      '--logs is for one run, and none was named',
      `pipeline history ${app} <run> --logs`,
    );
  }
  const fleet = await fleetOf(context, app, options);
  if (id !== undefined) return showRun(context, fleet, id, options);
  const runs = await withLedger(context, fleet, (ledger) => readHistory(ledger, fleet.app, limit));
  if (options.json) writeJson(context.stdout, runs);
  else {
    context.stdout.write(renderHistory(fleet, runs, colorsFor(useColor(context, options, context.stdout))));
    // The document is the list of runs; what a rollback would do is in that of `status`.
    if (runs.length > 0) context.stdout.write(`${printable(await outlookOf(context, fleet))}\n`);
  }
  await noteWaiting(context, [fleet]);
  return exitCodes.done;
};

async function showRun(context: CliContext, fleet: Fleet, text: string, options: CommandOptions): Promise<number> {
  const access = await withLedger(context, fleet, (ledger) => findAccess(ledger, fleet.app, text));
  if (access) return showAccess(context, access, options);
  const run = await withLedger(context, fleet, (ledger) => readRun(ledger, fleet, text));
  const document = await runDetailsDocument(fleet, run);
  if (options.json) writeJson(context.stdout, { schema: runSchema, ...document });
  else
    context.stdout.write(
      renderRun(document, colorsFor(useColor(context, options, context.stdout)), { logs: Boolean(options.logs) }),
    );
  return exitCodes.done;
}

function showAccess(context: CliContext, access: AccessRecord, options: CommandOptions): number {
  if (options.json) writeJson(context.stdout, { schema: runSchema, ...access });
  else context.stdout.write(renderAccess(access, colorsFor(useColor(context, options, context.stdout))));
  return exitCodes.done;
}

/** What a rollback would do now; history can be told without it when the cloud is down. */
async function outlookOf(context: CliContext, fleet: Fleet): Promise<string> {
  try {
    return renderOutlook(await withServices(context, fleet, readOutlook));
  } catch (error) {
    if (error instanceof PipelineError && error.code === 'local.not-running') return error.message;
    throw error;
  }
}
