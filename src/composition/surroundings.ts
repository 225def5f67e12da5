import { join, resolve } from 'node:path';
import type { Clock } from '@golden-pipeline/shared/clock';

/** Facts about the process that the wiring needs; the command line and a server pass their own. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly clock: Clock;
}

/** Folder of the local cloud's state: `$PIPELINE_LOCAL_DIR`, else `.pipeline/local` in the project. */
export function localCloudDir({ cwd, env }: Pick<Surroundings, 'cwd' | 'env'>, project: () => string): string {
  const named = env.PIPELINE_LOCAL_DIR;
  return named ? resolve(cwd, named) : join(project(), '.pipeline', 'local');
}
