import { existsSync, statSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { Clock } from '@golden-pipeline/shared/clock';
import { messageOf, type PipelineError, usageError } from '@golden-pipeline/shared/errors';
import { show } from '@golden-pipeline/shared/text';

/** Facts about the process that the wiring needs; the command line and a server pass their own. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly clock: Clock;
}

/** Who works here, for records: `$PIPELINE_USER` or the name of the account, and the name of this computer. */
export function whoWorks({ env }: Pick<Surroundings, 'env'>): { owner: string; host: string } {
  return { owner: env.PIPELINE_USER ?? userInfo().username, host: hostname() };
}

/**
 * Folder of the local cloud's state: `$PIPELINE_LOCAL_DIR`, which starts at the working folder when it is relative, else
 * `.pipeline/local` in the project. It need not exist.
 * @throws usage error `local.folder` when it cannot be a folder
 */
export function localCloudDir({ cwd, env }: Pick<Surroundings, 'cwd' | 'env'>, project: () => string): string {
  const named = env.PIPELINE_LOCAL_DIR;
  if (!named) return join(project(), '.pipeline', 'local');
  if (named.trim() === '') throw noFolder(named, 'is blank');
  if (/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(named)) throw noFolder(named, 'has control characters');
  const folder = resolve(cwd, named);
  const why = obstacle(folder);
  if (why !== undefined) throw noFolder(named, why);
  return folder;
}

function noFolder(named: string, why: string): PipelineError {
  return usageError(
    'local.folder',
    `PIPELINE_LOCAL_DIR ${show(named)} ${why}, expected a folder`,
    'name a folder, which `pipeline local up` makes; or unset it for .pipeline/local in the project',
  );
}

/** Why a path cannot be a folder; undefined when it can, or already is one. */
function obstacle(path: string): string | undefined {
  try {
    let at = path;
    while (!existsSync(at) && at !== dirname(at)) at = dirname(at);
    if (statSync(at).isDirectory()) return undefined;
    return at === path ? 'is a file' : `is below the file ${at}`;
  } catch (error) {
    return `cannot be read (${messageOf(error)})`;
  }
}
