import { existsSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { join, posix, relative } from 'node:path';
import { PipelineError } from '@golden-pipeline/shared/errors';
import { topLevel } from '../git/run-git.ts';

/** The files of a project that plays and Packer run from. */
export interface ProjectPlace {
  /** Absolute. */
  projectDir: string;
  /** Absolute. */
  playbook: string;
  /** If the project does not contain it, the package's own is run. */
  playbookOptional?: boolean;
  /** Uncommitted files and folders that plays need, relative to the project: roles from Galaxy, a vault password. */
  files: readonly string[];
}

/** The git repository of a project. */
export interface ProjectRepository {
  root: string;
  /** The project's folder below the root; `.` for the root itself. */
  prefix: string;
}

/** The source of play files, as journaled. */
export interface ProjectSource {
  /** The commit that they are checked out from; absent until the snapshot is taken. */
  commit?: string;
  /** The commit is a snapshot of uncommitted files, taken when the run begins. */
  snapshot?: true;
}

/** @throws usage error `git.unsafe-directory`, `git.missing`; undefined for a project without a repository */
export async function projectRepository({
  projectDir,
}: Pick<ProjectPlace, 'projectDir'>): Promise<ProjectRepository | undefined> {
  try {
    const root = await topLevel(projectDir);
    return { root, prefix: relative(root, await realpath(projectDir)) || '.' };
  } catch (error) {
    if (error instanceof PipelineError && error.code === 'git.not-a-repository') return undefined;
    throw error;
  }
}

/** The playbook's path from the root of the checkout; undefined for one outside of it. */
export function playbookBelow({ projectDir, playbook }: ProjectPlace, prefix: string): string | undefined {
  const path = posix.join(prefix, relative(projectDir, playbook));
  return path.startsWith('../') ? undefined : path;
}

/**
 * Paths that determine how hosts are built, from the root of the repository: the playbook's folder, `pipelines/`,
 * `packer/` and `ansible.cfg`. With a playbook in the project's root this is the whole project.
 */
export function watchedPaths(place: ProjectPlace, prefix: string): string[] {
  const playbook = playbookBelow(place, prefix);
  const own = ['pipelines', 'packer', 'ansible.cfg'].map((name) => posix.join(prefix, name));
  return [...new Set([...(playbook === undefined ? [] : [posix.dirname(playbook)]), ...own])];
}

/** True for a file in `ansible.files`, or in one of its folders. */
export function isGiven({ files }: ProjectPlace, prefix: string, name: string): boolean {
  return files.some((file) => {
    const given = posix.join(prefix, file).replace(/\/$/, '');
    return name.replace(/\/$/, '') === given || name.startsWith(`${given}/`);
  });
}

/** The first missing entry of `ansible.files`. */
export function missingFile({ projectDir, files }: ProjectPlace): string | undefined {
  return files.find((file) => !existsSync(join(projectDir, file)));
}
