import { collisionError, findCollisions } from './collisions.ts';
import { listApps, loadPipeline } from './load.ts';
import type { Pipeline } from './pipeline.ts';
import type { Fleet } from './settings.ts';

/**
 * The fleets of every environment of these pipelines; files with only tasks have none. One that does not resolve is
 * left out: whoever names it gets the error, and the commands of other apps do not.
 */
export function everyFleet(pipelines: readonly Pipeline[]): Fleet[] {
  return pipelines
    .filter((one) => !one.onlyTasks)
    .flatMap((pipeline) => pipeline.environments.flatMap((environment) => resolved(pipeline, environment)));
}

function resolved(pipeline: Pipeline, environment: string): Fleet[] {
  try {
    return [pipeline.fleet(environment)];
  } catch {
    return [];
  }
}

/** The fleets of all valid files of the project; `config check` reports the mistakes of the others. */
export async function projectFleets(projectDir: string): Promise<Fleet[]> {
  const apps = await listApps(projectDir);
  const loaded = await Promise.all(apps.map((app) => loadPipeline({ projectDir, app }).catch(() => undefined)));
  return everyFleet(loaded.filter((one) => one !== undefined));
}

/**
 * Checks that a fleet shares no name with another one of its project, before anything is changed.
 * @throws usage error `config.names-collide`
 */
export async function assertOwnNames({ app, environment, projectDir }: Fleet): Promise<void> {
  const own = findCollisions(await projectFleets(projectDir)).filter(({ fleets }) =>
    fleets.some((one) => one.app === app && one.environment === environment),
  );
  if (own.length > 0) throw collisionError(own);
}
