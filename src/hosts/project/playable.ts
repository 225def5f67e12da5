import { posix } from 'node:path';
import { usageError } from '@golden-pipeline/shared/errors';
import { isolated } from '../git/isolated.ts';
import { bytesOf, nameOf } from '../git/run-git.ts';
import { isPointer, listTree, pointerLimit, readBlobs } from '../git/tree.ts';
import { isGiven, type ProjectPlace, playbookBelow } from './place.ts';

/** True for a link target outside of the repository. */
const leaves = (name: string, target: string): boolean =>
  posix.isAbsolute(target) || posix.join(posix.dirname(name), target).startsWith('../');

/**
 * Refuses a commit that the playbook cannot be run from: the playbook is missing, or its folder has submodules,
 * pointers of Git LFS or links out of the repository that `ansible.files` does not name. A playbook outside of the
 * repository is run in place.
 * @throws usage errors `project.no-playbook`, `project.not-in-commit`, `project.link-outside`, `git.objects-missing`
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
    // Where the playbook's folder is the whole project, other links belong to the app, and may point to paths on hosts.
    const links = needed.filter(
      ({ mode, name }) => mode === '120000' && (folder !== prefix || name === bytesOf(playbook)),
    );
    const blobs = await readBlobs(
      view,
      [...small, ...links].map(({ id }) => id),
    );
    const outside = links.find(({ name, id }) => leaves(name, blobs.get(id) ?? ''));
    if (outside) {
      throw usageError(
        'project.link-outside',
        `${nameOf(outside.name)} in commit ${short} of the project is a symbolic link to ${nameOf(blobs.get(outside.id) ?? '')}, which is in no commit of it`,
        'commit what it names in its place; or name the link in ansible.files, if plays may run from what is there on the day',
      );
    }
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
