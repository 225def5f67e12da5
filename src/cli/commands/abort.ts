import { PipelineError } from '@golden-pipeline/shared/errors';
import { withServices } from '../../composition/with-services.ts';
import { loadPipeline } from '../../config/load.ts';
import { projectDir } from '../../config/project-dir.ts';
import { abort } from '../../runner/abort.ts';
import type { CommandModule } from '../command.ts';
import { reportEnd } from '../report-end.ts';
import { runnerContext } from '../runner-context.ts';

/** `pipeline abort <app>`: ends the active run of the app, or undoes what a crashed one has changed, or one that requires manual intervention. */
export const run: CommandModule['run'] = async (context, [app], options) => {
  // A file with only tasks has runs, too.
  const fleet = (await loadPipeline({ projectDir: projectDir(context, options), app: app ?? '' })).fleet(options.env);
  return withServices(context, fleet, async (services) => {
    const runner = runnerContext(context, options, fleet);
    if (fleet.cloud === 'aws') {
      await runner.prompter.confirm(`abort the active run of ${fleet.app} in ${fleet.environment}?`);
    }
    const ended = await abort(runner, services, 'pipeline abort');
    if (!ended) {
      throw new PipelineError('abort.nothing', `${fleet.app} has no active run in ${fleet.environment}`, {
        fix: `pipeline history ${fleet.app}`,
      });
    }
    return reportEnd(context, options, ended.run, ended.seconds);
  });
};
