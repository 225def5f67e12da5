import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { git, gitFailed, nameOf, repositoryPath, topLevel } from './run-git.ts';

/** A work tree whose files differ from its last commit. */
export interface WorkTree {
  clean: boolean;
  /** `XY path` lines as `git status` prints them: `M  a.js`, `?? new.js`. */
  changes: string[];
}

/** What differs from the last commit below the paths; a bare repository is always clean. */
export async function describeWorkTree({
  repository,
  path,
}: {
  repository: string;
  path: string | string[];
}): Promise<WorkTree> {
  const folder = await topLevel(repository);
  if (!existsSync(join(folder, '.git'))) return { clean: true, changes: [] };
  const changes = await status(folder, [path].flat(), []);
  return { clean: changes.length === 0, changes };
}

/** Files and folders below the paths that git ignores, relative to the root; a folder ends in `/`. */
export async function ignoredFiles(repository: string, paths: string[]): Promise<string[]> {
  const changes = await status(await topLevel(repository), paths, ['--ignored=matching']);
  return changes.filter((change) => change.startsWith('!! ')).map((change) => change.slice(3));
}

async function status(folder: string, paths: string[], more: string[]): Promise<string[]> {
  const asked = ['--porcelain=v1', '-z', '--no-renames', '--untracked-files=normal', ...more];
  const result = await git(folder, ['status', ...asked, '--', ...paths.map(repositoryPath)]);
  if (result.exitCode !== 0) throw gitFailed(`git status of ${folder}`, result.stderr);
  return result.stdout
    .split('\0')
    .filter((entry) => entry !== '')
    .map(nameOf);
}
