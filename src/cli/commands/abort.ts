import { PipelineError } from '@golden-pipeline/shared/errors';
import { withServices } from '../../composition/with-services.ts';
import { loadPipeline } from '../../config/load.ts';
import { projectDir } from '../../config/project-dir.ts';
import type { Fleet } from '../../config/settings.ts';
import { abort } from '../../runner/abort.ts';
import type { CommandModule, CommandOptions } from '../command.ts';
import type { CliContext } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { reportEnd } from '../report-end.ts';
import { runnerContext } from '../runner-context.ts';
import { chooseRun } from './support/choose-run.ts';
import { findProjectRun, looksLikeRun } from './support/project-runs.ts';

/**
 * `pipeline abort [app|run]`: ends the active run of an app, or undoes what a crashed one has changed, or one that requires manual
 * intervention.
 */
export const run: CommandModule['run'] = async (context, [target], options) => {
  const named = await findTarget(context, target, options);
  if (!named) return exitCodes.done;
  const { fleet, id } = named;
  return withServices(context, fleet, async (services) => {
    const runner = runnerContext(context, options, fleet);
    if (fleet.cloud === 'aws') {
      const what = id === undefined ? 'the active run' : `run ${id}`;
      await runner.prompter.confirm(`abort ${what} of ${fleet.app} in ${fleet.environment}?`);
    }
    const ended = await abort(runner, services, 'pipeline abort', id);
    if (!ended) {
      throw new PipelineError('abort.nothing', `${fleet.app} has no active run in ${fleet.environment}`, {
        fix: `pipeline history ${fleet.app}`,
      });
    }
    return reportEnd(context, options, ended.run, ended.seconds);
  });
};

/** The fleet, and the id of the run where one is named or the only one; undefined where nothing is unfinished. */
async function findTarget(
  context: CliContext,
  target: string | undefined,
  options: CommandOptions,
): Promise<{ fleet: Fleet; id?: string } | undefined> {
  if (target === undefined) {
    const found = await chooseRun(context, options, 'abort');
    return found && { fleet: found.fleet, id: found.run.id };
  }
  if (looksLikeRun(target)) return findProjectRun(context, options, target);
  // A file with only tasks has runs, too.
  return { fleet: (await loadPipeline({ projectDir: projectDir(context, options), app: target })).fleet(options.env) };
}
