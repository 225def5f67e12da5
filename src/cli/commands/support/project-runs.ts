import { messageOf, PipelineError, usageError } from '@golden-pipeline/shared/errors';
import { show } from '@golden-pipeline/shared/text';
import { withLedger } from '../../../composition/with-services.ts';
import { listApps, loadPipeline } from '../../../config/load.ts';
import { environmentName } from '../../../config/names.ts';
import { projectDir } from '../../../config/project-dir.ts';
import type { Fleet } from '../../../config/settings.ts';
import { findUnfinishedRun } from '../../../ledger/interrupted-runs.ts';
import type { Ledger, RunRecord } from '../../../ledger/types.ts';
import { operations, versionChangers } from '../../../runner/operations.ts';
import { findRunId } from '../../../status/run-details.ts';
import type { CommandOptions } from '../../command.ts';
import type { CliContext } from '../../context.ts';
import { printable } from '../../views/text.ts';

/** A run of the project, and the fleet in whose ledger it is. */
export interface ProjectRun {
  fleet: Fleet;
  run: RunRecord;
  /** Somebody holds the lock for it, as far as the clock of this computer tells. */
  active: boolean;
}

/** True for what can only be a run: names of apps begin with a letter. */
export const looksLikeRun = (text: string): boolean => /^\d/.test(text);

/**
 * The run with an id, or with the beginning of one, among all apps and environments of the project, or those in `--env`.
 * @throws usage errors `run.unknown`, `run.ambiguous`; PipelineError `run.unread` where no ledger has it and some cannot be read
 */
export async function findProjectRun(
  context: CliContext,
  options: CommandOptions,
  text: string,
): Promise<{ fleet: Fleet; id: string }> {
  const { found, unread, places } = await inLedgers(context, options, async (ledger, fleet) =>
    (await ledger.runIds(fleet.app, text)).length > 0 ? { fleet, id: await findRunId(ledger, fleet, text) } : undefined,
  );
  const [first, ...more] = found;
  if (first && more.length === 0) return first;
  if (first) {
    const names = found.map(({ fleet: { app, environment } }) => `${app} in ${environment}`).join(', ');
    const message = `${show(text)} is the beginning of runs of ${names}`;
    throw usageError('run.ambiguous', message, 'give more of the id, or the app');
  }
  if (unread.length > 0) throw unread[0]?.error;
  throw usageError(
    'run.unknown',
    `no run ${show(text)} of ${places.join(', ') || 'any app'}`,
    'pipeline history <app>',
  );
}

/**
 * The runs that have not finished: the newest of each app in each environment of the project, or in `--env`. A ledger or a file of the
 * project that cannot be read is reported, and keeps nobody from going on with what the others have.
 * @throws PipelineError `run.unread` where nothing was found
 */
export async function unfinishedRuns(context: CliContext, options: CommandOptions): Promise<ProjectRun[]> {
  const changesVersion = versionChangers(operations);
  const { found, unread } = await inLedgers(context, options, async (ledger, fleet) => {
    const [run, lock] = await Promise.all([
      findUnfinishedRun({ ledger, changesVersion }, fleet.app),
      ledger.lockOf(fleet.app),
    ]);
    const active = lock?.run === undefined ? undefined : await ledger.run(lock.run);
    if (active) return { fleet, run: active, active: true };
    return run && { fleet, run, active: false };
  });
  if (found.length === 0 && unread.length > 0) throw notRead('no unfinished run was found', unread);
  for (const line of describeUnread(unread)) {
    context.stderr.write(printable(`warning: runs that are not known: ${line}\n`));
  }
  return found;
}

function notRead(what: string, unread: Read<unknown>['unread']): PipelineError {
  return new PipelineError('run.unread', `${what}, but not every ledger could be read`, {
    details: describeUnread(unread),
    fix: 'name an environment whose ledger can be read, e.g. --env local; or an app: pipeline history <app> --env <environment>',
  });
}

/** A line for each cause: many ledgers have the same. */
function describeUnread(unread: Read<unknown>['unread']): string[] {
  const causes = new Map<string, string[]>();
  for (const { place, error } of unread) {
    const cause = messageOf(error);
    causes.set(cause, [...(causes.get(cause) ?? []), place]);
  }
  return [...causes].map(([cause, places]) => `${places.join(', ')}: ${cause}`);
}

interface Read<T> {
  found: T[];
  unread: { place: string; error: unknown }[];
  places: string[];
}

/** Asks the ledger of each app in each environment; of a file with mistakes there is none. */
async function inLedgers<T>(
  context: CliContext,
  options: CommandOptions,
  ask: (ledger: Ledger, fleet: Fleet) => Promise<T | undefined>,
): Promise<Read<T>> {
  const folder = projectDir(context, options);
  const wanted = options.env === undefined ? undefined : environmentName(options.env);
  const result: Read<T> = { found: [], unread: [], places: [] };
  const attempt = async (place: string, work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      // Whatever it is, e.g. missing credentials of another account: the others are read all the same.
      result.unread.push({ place, error });
    }
  };
  for (const app of await listApps(folder)) {
    await attempt(app, async () => {
      const pipeline = await loadPipeline({ projectDir: folder, app });
      for (const environment of pipeline.environments.filter((one) => wanted === undefined || one === wanted)) {
        const place = `${app} in ${environment}`;
        result.places.push(place);
        await attempt(place, async () => {
          const fleet = pipeline.fleet(environment);
          const answer = await withLedger(context, fleet, (ledger) => ask(ledger, fleet));
          if (answer !== undefined) result.found.push(answer);
        });
      }
    });
  }
  return result;
}
