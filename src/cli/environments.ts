import { usageError } from '@golden-pipeline/shared/errors';
import type { Pipeline } from '../config/pipeline.ts';
import { projectDir } from '../config/project-dir.ts';
import type { Fleet } from '../config/settings.ts';
import type { CliContext, GlobalOptions } from './context.ts';

/** An app in one environment. Its settings are resolved on call, as those of one environment may be wrong. */
export interface AppInEnvironment {
  app: string;
  environment: string;
  fleet(): Fleet;
}

/**
 * The app in each of its environments, in the order of the file; without an app all apps of the project. Files with only tasks have none.
 * @throws usage errors for a hostile name, an unknown app, a file with mistakes, and `config.no-fleet` for one with only tasks
 */
export async function inAllEnvironments(
  context: CliContext,
  app: string | undefined,
  options: GlobalOptions,
): Promise<AppInEnvironment[]> {
  const { listApps, loadPipeline } = await import('../config/load.ts');
  const folder = projectDir(context, options);
  const apps = app === undefined ? await listApps(folder) : [app];
  const pipelines = await Promise.all(apps.map((name) => loadPipeline({ projectDir: folder, app: name })));
  const [only] = pipelines;
  if (app !== undefined && only?.onlyTasks) throw usageError('config.no-fleet', `${only.file} has tasks and no fleet`);
  return pipelines.filter((one) => !one.onlyTasks).flatMap(environmentsOf);
}

function environmentsOf(pipeline: Pipeline): AppInEnvironment[] {
  return pipeline.environments.map((environment) => ({
    app: pipeline.app,
    environment,
    fleet: () => pipeline.fleet(environment),
  }));
}
