import { realpath } from 'node:fs/promises';
import { posix } from 'node:path';
import { usageError } from '@golden-pipeline/shared/errors';
import { resolveCommit } from '../git/refs.ts';
import { topLevel } from '../git/run-git.ts';
import { describeWorkTree } from '../git/work-tree.ts';
import {
  isGiven,
  missingFile,
  type ProjectPlace,
  type ProjectRepository,
  type ProjectSource,
  playbookBelow,
  projectRepository,
  watchedPaths,
} from './place.ts';
import { assertPlayable } from './playable.ts';

/** Which files may determine how hosts are built. */
export interface ProjectRules {
  /** Uncommitted files are allowed, as a snapshot. */
  allowDirty?: boolean;
  /** Only commits are allowed: a project without a repository is refused. */
  committed?: boolean;
}

/** The released commit, where it is known. */
export interface Released {
  /** Absolute path of the app's repository. */
  repository: string;
  commit: string;
  /** The commit was given explicitly: it then also applies to the project in the same repository. */
  named: boolean;
}

/**
 * Selects the commit of the play files. It only reads: a snapshot is taken when the run begins.
 * @throws usage errors `git.dirty` naming uncommitted files, `project.not-a-repository`, `project.playbook-outside`,
 * `ansible.no-file`, and those of {@link assertPlayable}
 */
export async function planProject(
  place: ProjectPlace,
  rules: ProjectRules,
  released?: Released,
): Promise<ProjectSource> {
  const missing = missingFile(place);
  if (missing !== undefined) throw noFile(missing);
  const repository = await projectRepository(place);
  if (!repository) {
    if (rules.committed) throw notARepository(place);
    return { snapshot: true };
  }
  if (rules.committed && playbookBelow(place, repository.prefix) === undefined)
    throw playbookOutside(place, repository);
  const shared = released?.named === true && (await isSame(released.repository, repository.root));
  const fromRef = shared && !rules.allowDirty;
  // The configuration is always the current one; the plays may be of an older given commit.
  const looked = fromRef ? [posix.join(repository.prefix, 'pipelines')] : watchedPaths(place, repository.prefix);
  const changes = await changesOf(place, repository, looked);
  if (changes.length > 0) {
    if (!rules.allowDirty) throw dirtyProject(changes, rules.committed === true);
    return { snapshot: true };
  }
  const commit = shared ? released.commit : await resolveCommit({ repository: repository.root, ref: 'HEAD' });
  await assertPlayable(place, { repository: repository.root, prefix: repository.prefix, commit });
  return { commit };
}

async function changesOf(place: ProjectPlace, { root, prefix }: ProjectRepository, path: string[]): Promise<string[]> {
  const { changes } = await describeWorkTree({ repository: root, path });
  return changes.filter((change) => !(change.startsWith('?? ') && isGiven(place, prefix, change.slice(3))));
}

async function isSame(repository: string, root: string): Promise<boolean> {
  return (await realpath(await topLevel(repository))) === (await realpath(root));
}

export function noFile(file: string) {
  return usageError(
    'ansible.no-file',
    `ansible.files names ${JSON.stringify(file)}, which is not there`,
    'make it (ansible-galaxy install -p, say), or take it out of ansible.files; it is relative to the project folder',
  );
}

function dirtyProject(changes: readonly string[], committed: boolean) {
  const shown = changes.slice(0, 5).map((change) => change.trim());
  const more = changes.length > shown.length ? [`and ${changes.length - shown.length} more`] : [];
  return usageError(
    'git.dirty',
    'files that decide how hosts are built are not committed, and plays run from a commit of the project',
    committed ? 'commit them' : 'commit them, or have a snapshot of them recorded: --allow-dirty',
    [...shown, ...more],
  );
}

function notARepository({ projectDir }: ProjectPlace) {
  return usageError(
    'project.not-a-repository',
    `${projectDir} is in no git repository, so nobody could say later from which files hosts were built`,
    `keep it in one: git -C ${projectDir} init && git -C ${projectDir} add pipelines ansible && git -C ${projectDir} commit`,
  );
}

function playbookOutside({ playbook }: ProjectPlace, { root }: ProjectRepository) {
  return usageError(
    'project.playbook-outside',
    `playbook ${playbook} is not in ${root}, the repository of the project, so no commit of it says how hosts are built`,
    'keep the playbook in the same repository as pipelines/',
  );
}
