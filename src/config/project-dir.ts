import { existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { usageError } from '@golden-pipeline/shared/errors';

/**
 * The project's folder: `--project`, else the nearest folder from here upwards that has `pipelines/`.
 * @throws usage error `project.not-found`.
 */
export function projectDir(context: { readonly cwd: string }, options: { project?: string }): string {
  if (options.project !== undefined) {
    const folder = resolve(context.cwd, options.project);
    if (hasPipelines(folder)) return folder;
    throw usageError(
      'project.not-found',
      `${JSON.stringify(options.project)} is not a project: it has no folder pipelines/`,
      'name the folder that holds pipelines/; to start a project in this one: pipeline init --project DIR',
    );
  }
  for (let folder = context.cwd; ; folder = dirname(folder)) {
    if (hasPipelines(folder)) return folder;
    if (folder === dirname(folder)) break;
  }
  throw usageError(
    'project.not-found',
    `no folder pipelines/ in ${context.cwd} or any folder above it`,
    'to start a project here: pipeline init; else go to your project, or name it with --project DIR',
  );
}

/** Whether a command in this folder has a project. */
export function hasProject(cwd: string): boolean {
  for (let folder = cwd; ; folder = dirname(folder)) {
    if (hasPipelines(folder)) return true;
    if (folder === dirname(folder)) return false;
  }
}

function hasPipelines(folder: string): boolean {
  const path = join(folder, 'pipelines');
  return existsSync(path) && statSync(path).isDirectory();
}
