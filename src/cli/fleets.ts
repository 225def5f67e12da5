import { projectDir } from '../config/project-dir.ts';
import { redactionOf } from '../config/redaction.ts';
import type { Fleet } from '../config/settings.ts';
import type { CliContext, GlobalOptions } from './context.ts';

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
