import { collisionError, findCollisions } from '../config/collisions.ts';
import { listApps, loadPipeline } from '../config/load.ts';
import type { Fleet } from '../config/settings.ts';

/** The fleets of every environment with `cloud: 'local'` in the project. A broken pipelines file is a usage error, and so are names that collide. */
export async function localEnvironments(projectDir: string): Promise<Fleet[]> {
  const fleets: Fleet[] = [];
  for (const app of await listApps(projectDir)) {
    const pipeline = await loadPipeline({ projectDir, app });
    if (pipeline.onlyTasks) continue;
    fleets.push(
      ...pipeline.environments.map((name) => pipeline.fleet(name)).filter((fleet) => fleet.cloud === 'local'),
    );
  }
  const collisions = findCollisions(fleets);
  if (collisions.length > 0) throw collisionError(collisions);
  return fleets;
}
