import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { messageOf, type PipelineError, usageError } from '@golden-pipeline/shared/errors';
import { git, gitFailed, isCommit, nameOf } from '../git/run-git.ts';
import { objectsMissing } from '../git/tree.ts';
import { missingFile, type ProjectPlace, type ProjectRepository, playbookBelow, projectRepository } from './place.ts';
import { noFile } from './plan.ts';
import { ownStore } from './snapshot.ts';

/** The folder that plays run from. */
export interface ProjectFiles {
  projectDir: string;
  playbook: string;
}

/**
 * Checks a commit of the project out below `parent`, once for a process, and copies `ansible.files` into it. Filters of
 * the clone run as for its work tree; files of Git LFS stay pointers.
 * @throws usage errors `project.commit-missing` when this clone does not have the commit, `git.objects-missing`,
 * `ansible.no-file`
 */
export async function checkoutProject(
  place: ProjectPlace,
  { commit, parent, signal }: { commit: string; parent: string; signal?: AbortSignal },
): Promise<ProjectFiles> {
  const folder = join(parent, `project-${commit.slice(0, 12)}`);
  const known = prefixes.get(folder);
  if (known !== undefined && existsSync(folder)) return filesIn(folder, known, place);
  const repository = await projectRepository(place);
  const found = await findCommit(place, repository, commit);
  if (!existsSync(folder)) {
    const missing = missingFile(place);
    if (missing !== undefined) throw noFile(missing);
    await mkdir(parent, { recursive: true });
    const part = await mkdtemp(join(parent, 'project-new-'));
    try {
      await checkOut(found.gitDir, commit, part, signal);
      await copyFiles(place, join(part, found.prefix));
      await rename(part, folder);
    } finally {
      await rm(part, { recursive: true, force: true });
    }
  }
  prefixes.set(folder, found.prefix);
  return filesIn(folder, found.prefix, place);
}

/** Checkouts of this process, with the project's path in them. */
const prefixes = new Map<string, string>();

function filesIn(folder: string, prefix: string, place: ProjectPlace): ProjectFiles {
  const below = playbookBelow(place, prefix);
  return {
    projectDir: join(folder, prefix),
    playbook: below === undefined ? place.playbook : join(folder, below),
  };
}

/** The repository of the project that has a commit: its own, or the one for snapshots of a project without one. */
async function findCommit(
  place: ProjectPlace,
  repository: ProjectRepository | undefined,
  commit: string,
): Promise<{ gitDir: string; prefix: string }> {
  if (!isCommit(commit)) throw usageError('git.bad-ref', `${JSON.stringify(commit)} is not a full commit id`);
  const places: { cwd: string; prefix: string; env: Record<string, string> }[] = [
    ...(repository ? [{ cwd: repository.root, prefix: repository.prefix, env: {} }] : []),
    ...(existsSync(ownStore(place)) ? [{ cwd: ownStore(place), prefix: '.', env: { GIT_DIR: ownStore(place) } }] : []),
  ];
  for (const { cwd, prefix, env } of places) {
    if ((await git(cwd, ['cat-file', '-e', `${commit}^{commit}`], { env })).exitCode !== 0) continue;
    const { stdout } = await git(cwd, ['rev-parse', '--absolute-git-dir'], { env });
    return { gitDir: nameOf(stdout), prefix };
  }
  throw commitMissing(place, repository, commit);
}

function commitMissing(
  { projectDir }: ProjectPlace,
  repository: ProjectRepository | undefined,
  commit: string,
): PipelineError {
  return usageError(
    'project.commit-missing',
    `commit ${commit.slice(0, 12)} of the project, which the plays of this run are from, is not in ${repository?.root ?? projectDir}`,
    repository
      ? `get it: git -C ${repository.root} fetch origin ${commit}; a snapshot of --allow-dirty is only where it was taken`
      : 'go on where the run was begun: a snapshot is only there',
  );
}

async function checkOut(gitDir: string, commit: string, folder: string, signal?: AbortSignal): Promise<void> {
  const index = join(dirname(folder), `${folder.slice(dirname(folder).length + 1)}.index`);
  const env = { GIT_DIR: gitDir, GIT_WORK_TREE: folder, GIT_INDEX_FILE: index, GIT_LFS_SKIP_SMUDGE: '1' };
  try {
    for (const argv of [
      ['read-tree', commit],
      ['checkout-index', '--all', '--force'],
    ]) {
      const result = await git(folder, argv, { env, signal });
      signal?.throwIfAborted();
      if (result.exitCode === 0) continue;
      if (/unable to read|missing|not a tree/i.test(result.stderr)) throw objectsMissing(commit, result.stderr);
      throw gitFailed(`git ${argv[0]} of ${commit.slice(0, 12)}`, result.stderr);
    }
  } finally {
    await rm(index, { force: true });
  }
}

async function copyFiles({ projectDir, files }: ProjectPlace, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const file of files) {
    try {
      await cp(join(projectDir, file), join(to, file), {
        recursive: true,
        force: true,
        preserveTimestamps: true,
        verbatimSymlinks: true,
      });
    } catch (cause) {
      throw notCopied(file, cause);
    }
  }
}

/**
 * Reports a path that cannot be read, is neither a file nor a folder, or contains the folder that it would be copied
 * into.
 */
function notCopied(file: string, cause: unknown): PipelineError {
  return usageError(
    'ansible.no-file',
    `ansible.files names ${JSON.stringify(file)}, which cannot be copied: ${messageOf(cause)}`,
    'name only files and folders that plays need, which you may read; not the whole project',
  );
}
