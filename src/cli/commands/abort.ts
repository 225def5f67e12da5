import { PipelineError } from '@golden-pipeline/shared/errors';
import { withServices } from '../../composition/with-services.ts';
import { loadPipeline } from '../../config/load.ts';
import { confirm } from '../ask.ts';
import { clearTheWay } from '../clear-the-way.ts';
import type { CommandModule } from '../command.ts';
import { projectDir } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { writeJson } from '../views/json.ts';

/** `pipeline abort <app>`: ends the run at work on the app, or puts back what a dead one has left. */
export const run: CommandModule['run'] = async (context, [app], options) => {
  // A file with only tasks has runs, too.
  const fleet = (await loadPipeline({ projectDir: projectDir(context, options), app: app ?? '' })).fleet(options.env);
  return withServices(context, fleet, async (services) => {
    if (fleet.cloud === 'aws') {
      await confirm(context, options, `end the run at work on ${fleet.app} in ${fleet.environment}?`);
    }
    const cleared = await clearTheWay(context, services, options, { reason: 'pipeline abort' });
    if (!cleared) {
      throw new PipelineError('abort.nothing', `no run is at work on ${fleet.app} in ${fleet.environment}`, {
        hint: `pipeline history ${fleet.app}`,
      });
    }
    const { run: ended, seconds } = cleared;
    if (options.json)
      writeJson(context.stdout, { run: ended.id, app: fleet.app, outcome: ended.outcome ?? null, seconds });
    else
      context.stdout.write(`run ${ended.id} has ended: ${ended.outcome ?? 'unknown'}, after ${seconds.toFixed(1)} s\n`);
    if (ended.outcome === 'needs-person') return exitCodes['needs-person'];
    return exitCodes.done;
  });
};
