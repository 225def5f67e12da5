import { usageError } from '@golden-pipeline/shared/errors';
import { withLedger } from '../../composition/with-services.ts';
import type { Fleet } from '../../config/settings.ts';
import { exitCodeOf, type StopSignal, stopSignals } from '../../engine/interrupt.ts';
import { runSchema } from '../../engine/schema.ts';
import type { Ledger } from '../../ledger/types.ts';
import { type Followed, followRun } from '../../status/follow-run.ts';
import { findRunId, type RunDetails, readRun } from '../../status/run-details.ts';
import type { CommandModule, CommandOptions } from '../command.ts';
import type { CliContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { fleetOf } from '../fleets.ts';
import { runDetailsDocument } from '../run-document.ts';
import { writeJson } from '../views/json.ts';
import { openViews } from '../views/open.ts';
import { duration, printable } from '../views/text.ts';
import { findProjectRun, looksLikeRun } from './support/project-runs.ts';

/** `pipeline watch <app|run>`: follows a run of another process until it ends. Ctrl-C ends the watching only. */
export const run: CommandModule['run'] = async (context, [target = ''], options) => {
  const fleet = looksLikeRun(target)
    ? (await findProjectRun(context, options, target)).fleet
    : await fleetOf(context, target, options);
  return withLedger(context, fleet, async (ledger) => {
    const id = await activeRun(ledger, fleet, target === fleet.app ? undefined : target, (text) =>
      context.stderr.write(text),
    );
    const { end, received } = await follow(context, options, { ledger, app: fleet.app, id });
    if (received) {
      context.stderr.write(`watching has ended; run ${id} goes on. To watch it again: pipeline watch ${fleet.app}\n`);
      return exitCodeOf[received];
    }
    const details = await readRun(ledger, fleet, id);
    if (options.json) writeJson(context.stdout, { schema: runSchema, ...(await runDetailsDocument(fleet, details)) });
    else context.stdout.write(printable(closing(details, end)));
    return exitCodes.done;
  });
};

/**
 * The id of the run that is active on an app.
 * @param wanted The id, or the beginning of it, where a run was named.
 * @throws usage errors `watch.nothing` when nothing is to be watched, and as {@link findRunId}
 */
async function activeRun(
  ledger: Ledger,
  { app, environment }: Fleet,
  wanted: string | undefined,
  note: (text: string) => void,
): Promise<string> {
  const id = wanted === undefined ? undefined : await findRunId(ledger, { app, environment }, wanted);
  const lock = await ledger.findHolder(app, (holder, ms) =>
    note(
      printable(
        `the lock of ${app} is overdue; watching for ${ms / 1000} s whether ${holder.owner}@${holder.host} renews it\n`,
      ),
    ),
  );
  if (lock?.run !== undefined && (id === undefined || lock.run === id)) return lock.run;
  if (id !== undefined) {
    const outcome = (await ledger.run(id))?.outcome;
    const state = outcome === undefined ? 'is not active: its process has crashed' : `has finished: ${outcome}`;
    throw usageError('watch.nothing', `run ${id} ${state}`, `pipeline history ${app} ${id}`);
  }
  const why = lock ? `${lock.owner}@${lock.host} has locked it by hand` : 'nobody holds its lock';
  throw usageError('watch.nothing', `no run is active on ${app} in ${environment}: ${why}`, `pipeline history ${app}`);
}

/** Draws the run until it ends, or until a signal comes. */
async function follow(
  context: CliContext,
  options: CommandOptions,
  { ledger, app, id }: { ledger: Ledger; app: string; id: string },
): Promise<{ end: Followed; received?: StopSignal }> {
  const stop = new AbortController();
  let received: StopSignal | undefined;
  const listeners = stopSignals.map((name): [StopSignal, () => void] => [
    name,
    () => {
      received ??= name;
      stop.abort();
    },
  ]);
  for (const [name, listener] of listeners) context.signals.on(name, listener);
  const views = await openViews(context, options);
  try {
    const { clock } = context;
    const end = await followRun(ledger, { app, id }, { clock, signal: stop.signal, emit: views.emit });
    return { end, ...(end === 'stopped' && received && { received }) };
  } finally {
    await views.close();
    for (const [name, listener] of listeners) context.signals.off(name, listener);
  }
}

function closing({ run, app, outcome, seconds, error }: RunDetails, end: Followed): string {
  if (end === 'crashed') return `run ${run}: its process has crashed; to undo what it changed: pipeline abort ${app}\n`;
  const took = seconds === null ? '' : `, after ${duration(seconds)}`;
  const why = error ? `: ${error.message}` : '';
  return `run ${run} has finished: ${outcome ?? 'unknown'}${took}${why}\nmore of it: pipeline history ${app} ${run}\n`;
}
