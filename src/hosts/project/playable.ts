import { posix } from 'node:path';
import { usageError } from '../../shared/errors.ts';
import { isolated } from '../git/isolated.ts';
import { bytesOf, nameOf } from '../git/run-git.ts';
import { isPointer, listTree, pointerLimit, readBlobs } from '../git/tree.ts';
import { isGiven, type ProjectPlace, playbookBelow } from './place.ts';

/**
 * Refuses a commit that the playbook cannot be run from: it is not there, or its folder has submodules or pointers of Git LFS that
 * `ansible.files` does not name. A playbook outside of the repository is run from where it is.
 * @throws usage errors `project.no-playbook`, `project.not-in-commit`, `git.objects-missing`
 */
export async function assertPlayable(
  place: ProjectPlace,
  { repository, prefix, commit }: { repository: string; prefix: string; commit: string },
): Promise<void> {
  const playbook = playbookBelow(place, prefix);
  if (playbook === undefined) return;
  const optional = place.playbookOptional === true;
  const folder = posix.dirname(playbook);
  const short = commit.slice(0, 12);
  await isolated(repository, async (view) => {
    const files = await listTree(view, commit, [folder]);
    if (!optional && !files.some(({ name }) => name === bytesOf(playbook)) && !isGiven(place, prefix, playbook)) {
      throw usageError(
        'project.no-playbook',
        `commit ${short} of the project has no playbook ${playbook}, and plays run from that commit`,
        'commit it; for an older --ref, one that has it',
      );
    }
    const needed = files.filter(({ name }) => !isGiven(place, prefix, nameOf(name)));
    const small = needed.filter(({ mode, size = pointerLimit }) => mode.startsWith('100') && size < pointerLimit);
    const blobs = await readBlobs(
      view,
      small.map(({ id }) => id),
    );
    const absent =
      needed.find(({ mode }) => mode === '160000') ?? small.find(({ id }) => isPointer(blobs.get(id) ?? ''));
    if (!absent) return;
    const what = absent.mode === '160000' ? 'a submodule' : 'a pointer of Git LFS';
    throw usageError(
      'project.not-in-commit',
      `${nameOf(absent.name)} is ${what} in commit ${short} of the project, so plays would run without its files`,
      'name it in ansible.files: it is then taken from the work tree; or commit the files themselves',
    );
  });
}
