import { messageOf, PipelineError } from '@golden-pipeline/shared/errors';
import { projectDir } from '../config/project-dir.ts';
import { redactionOf } from '../config/redaction.ts';
import type { Fleet } from '../config/settings.ts';
import type { CliContext, GlobalOptions } from './context.ts';
import { printable } from './views/text.ts';

/**
 * The fleet that a command is about: the app named in its arguments, in `--env` or the app's default environment. What the command says of
 * an error is redacted for it from then on.
 * @throws usage errors for a hostile name, an unknown app or environment, and every mistake in the app's configuration.
 */
export async function fleetOf(context: CliContext, app: string | undefined, options: GlobalOptions): Promise<Fleet> {
  const { loadFleet } = await import('../config/load.ts');
  const fleet = await loadFleet({
    app: app ?? '',
    environment: options.env,
    projectDir: projectDir(context, options),
  });
  context.redact = redactionOf(fleet, context.env);
  return fleet;
}

/**
 * The fleets of all apps of the project, in the environment named in `--env` or each in its default one. Files with only tasks have none.
 * @throws as {@link fleetOf}
 */
export async function fleetsOf(context: CliContext, options: GlobalOptions): Promise<Fleet[]> {
  const { listApps, loadPipeline } = await import('../config/load.ts');
  const folder = projectDir(context, options);
  const pipelines = await Promise.all((await listApps(folder)).map((app) => loadPipeline({ projectDir: folder, app })));
  return pipelines.filter((one) => !one.onlyTasks).map((one) => one.fleet(options.env));
}

/**
 * The same without those whose configuration has mistakes, which are warned of: for commands that are about what the others have, too. An
 * app that lacks the environment in `--env` is left out without a word, as many do not have them all.
 * @throws as {@link fleetOf} where none is left
 */
export async function usableFleetsOf(context: CliContext, options: GlobalOptions): Promise<Fleet[]> {
  const { listApps, loadPipeline } = await import('../config/load.ts');
  const folder = projectDir(context, options);
  const apps = await listApps(folder);
  const read = await Promise.allSettled(
    apps.map(async (app) => {
      const pipeline = await loadPipeline({ projectDir: folder, app });
      return pipeline.onlyTasks ? undefined : pipeline.fleet(options.env);
    }),
  );
  const fleets = read.flatMap((one) => (one.status === 'fulfilled' && one.value ? [one.value] : []));
  const errors = read.flatMap((one, index) =>
    one.status === 'rejected' ? [{ app: apps[index], error: one.reason }] : [],
  );
  const mistakes = errors.filter(({ error }) => !lacksEnvironment(error));
  const lacking = errors.find(({ error }) => lacksEnvironment(error));
  if (fleets.length === 0 && mistakes[0] && !lacking) throw mistakes[0].error;
  for (const { app, error } of mistakes) {
    context.stderr.write(`warning: ${printable(`${app} is left out: ${messageOf(error)}; pipeline config check`)}\n`);
  }
  if (fleets.length === 0 && lacking) throw lacking.error;
  return fleets;
}

const lacksEnvironment = (error: unknown): boolean =>
  error instanceof PipelineError && error.code === 'config.unknown-environment';
