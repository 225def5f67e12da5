import { PipelineError } from '@golden-pipeline/shared/errors';
import { withServices } from '../../composition/with-services.ts';
import { loadPipeline } from '../../config/load.ts';
import { projectDir } from '../../config/project-dir.ts';
import { runSchema } from '../../engine/schema.ts';
import { abort } from '../../runner/abort.ts';
import type { CommandModule } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { runnerContext } from '../runner-context.ts';
import { writeJson } from '../views/json.ts';

/** `pipeline abort <app>`: ends the active run of the app, or undoes what a crashed one has changed. */
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
    const { id, outcome } = ended.run;
    const { seconds } = ended;
    if (options.json)
      writeJson(context.stdout, { schema: runSchema, run: id, app: fleet.app, outcome: outcome ?? null, seconds });
    else context.stdout.write(`run ${id} has finished: ${outcome ?? 'unknown'}, after ${seconds.toFixed(1)} s\n`);
    return outcome === 'manual-intervention' ? exitCodes['manual-intervention'] : exitCodes.done;
  });
};
