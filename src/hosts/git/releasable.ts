import { posix } from 'node:path';
import { type PipelineError, usageError } from '@golden-pipeline/shared/errors';
import { readAttributes } from './attributes.ts';
import { type Isolated, isolated } from './isolated.ts';
import { bytesOf, git, nameOf, repositoryPath, topLevel } from './run-git.ts';
import { isPointer, listTree, objectsMissing, pointerLimit, readBlobs, type TreeEntry } from './tree.ts';

/** Files that the release role writes into a release's folder. */
const ofTheRole = ['release.json', '.release-run', '.release-secrets.json', '.release-secrets.py'];

/** The part of a commit to check. */
interface Part {
  repository: string;
  /** Folder below the root, as git names it. */
  path: string;
  commit: string;
}

/**
 * Refuses a commit whose files would not arrive on a host as the author sees them.
 * @throws usage errors `git.bad-path` (no file below the path), `git.submodule`, `git.lfs`, `git.filtered`,
 * `git.link-outside`, `git.reserved-name`, `git.objects-missing`
 */
export async function assertReleasable(request: Part): Promise<void> {
  const part = { ...request, path: repositoryPath(request.path) };
  const top = await topLevel(part.repository);
  await isolated(top, async (view) => {
    const listed = await listTree(view, part.commit, [part.path, ...attributesAbove(part.path)]);
    const files = part.path === '.' ? listed : listed.filter(({ name }) => name.startsWith(`${bytesOf(part.path)}/`));
    if (files.length === 0) {
      throw usageError(
        'git.bad-path',
        `${shown(part)} has no ${part.path === '.' ? 'file' : `folder ${JSON.stringify(part.path)}`}`,
        'name a commit that has it (--ref), or correct source.path in the pipelines file',
      );
    }
    const lacking = files.find(({ size }) => Number.isNaN(size));
    if (lacking) throw objectsMissing(part.commit, `${nameOf(lacking.name)} is blob ${lacking.id}`);
    const attributed = listed.some(({ name }) => posix.basename(name) === '.gitattributes');
    const attributes = attributed ? await readAttributes(view, part.commit, files) : undefined;
    const exported = files.filter(({ name }) => attributes?.isExported(name) ?? true);
    const named = (wanted: (file: TreeEntry) => boolean) => exported.filter(wanted).map(({ name }) => name);
    refuse(
      named(({ mode }) => mode === '160000'),
      submodule(part),
    );
    const reserved = ofTheRole.map((name) => bytesOf(posix.join(part.path, name)));
    refuse(
      named(({ name }) => reserved.includes(name)),
      reservedName(part),
    );
    await assertContents(view, part, exported);
    const filters = new Set(exported.flatMap(({ name }) => attributes?.filterOf(name) ?? []));
    for (const filter of filters) {
      if (filter === 'lfs' || !(await changesFiles(top, filter))) continue;
      refuse(
        named(({ name }) => attributes?.filterOf(name) === filter),
        filterOf(part, filter),
      );
    }
  });
}

/** Refuses pointers of Git LFS, and links to files of the repository that are not released. */
async function assertContents(view: Isolated, part: Part, files: TreeEntry[]): Promise<void> {
  const links = files.filter(({ mode }) => mode === '120000');
  const small = files.filter(({ mode, size = pointerLimit }) => mode.startsWith('100') && size < pointerLimit);
  const blobs = await readBlobs(
    view,
    [...links, ...small].map(({ id }) => id),
  );
  const pointers = small.filter(({ id }) => isPointer(blobs.get(id) ?? ''));
  refuse(
    pointers.map(({ name }) => name),
    lfs(part),
  );
  const targets = links.flatMap(({ name, id }) => {
    const target = posix.join(posix.dirname(name), blobs.get(id) ?? '');
    const absolute = blobs.get(id)?.startsWith('/');
    const inside = part.path === '.' || target === bytesOf(part.path) || target.startsWith(`${bytesOf(part.path)}/`);
    return absolute || inside || target.startsWith('..') ? [] : [{ name, target }];
  });
  const outside = [];
  // A target that is not in the commit is expected on the host, e.g. ../../shared/uploads.
  for (const { name, target } of targets) {
    const { stdout } = await view.git(['ls-tree', '-z', '--full-tree', part.commit, '--', nameOf(target)]);
    if (stdout !== '') outside.push(name);
  }
  refuse(outside, linkOutside(part));
}

/** True for a filter that encrypts, whether or not it is set up here, and for one that this clone runs on checkout. */
async function changesFiles(top: string, filter: string): Promise<boolean> {
  if (/^(git-)?crypt(-|$)/.test(filter)) return true;
  for (const key of ['smudge', 'process']) {
    const { stdout } = await git(top, ['config', '--get', `filter.${nameOf(filter)}.${key}`]);
    if (stdout !== '' && stdout.trim() !== 'cat') return true;
  }
  return false;
}

/** The `.gitattributes` of the folders above a path: they apply to what is below it. */
function attributesAbove(path: string): string[] {
  if (path === '.') return [];
  const parts = path.split('/');
  return parts.map((_, index) => posix.join(...parts.slice(0, index), '.gitattributes'));
}

type Refusal = (names: string) => PipelineError;

function refuse(names: readonly string[], error: Refusal): void {
  const [first] = names;
  if (first === undefined) return;
  const more = names.length > 1 ? ` and ${names.length - 1} more` : '';
  throw error(`${nameOf(first)}${more}`);
}

const shown = ({ commit, repository }: Part) => `commit ${commit.slice(0, 12)} of ${repository}`;

const submodule =
  (part: Part): Refusal =>
  (names) =>
    usageError(
      'git.submodule',
      `${names} in ${shown(part)} is a git submodule, and a release has no files of it`,
      'commit the files themselves (git subtree add), or install them as a dependency of the app',
    );

const lfs =
  (part: Part): Refusal =>
  (names) =>
    usageError(
      'git.lfs',
      `${names} in ${shown(part)} is a pointer of Git LFS, and a release would have the pointer and not the file`,
      'commit the file itself (git lfs migrate export --include=<file>), or have the app or its playbook download it',
    );

const filterOf =
  (part: Part, filter: string): Refusal =>
  (names) =>
    usageError(
      'git.filtered',
      `${names} in ${shown(part)} goes through the git filter ${nameOf(filter)}, and a release has what the commit stores`,
      'commit the file as it must arrive; values that must stay secret are given by ansible.variables',
    );

const linkOutside =
  (part: Part): Refusal =>
  (names) =>
    usageError(
      'git.link-outside',
      `${names} in ${shown(part)} is a symbolic link to a file that is not released: only ${part.path} is`,
      'put the file itself there, or set source.path to a folder that has both',
    );

const reservedName =
  (part: Part): Refusal =>
  (names) =>
    usageError(
      'git.reserved-name',
      `${names} in ${shown(part)} has a name that the release role writes itself, so it would not arrive`,
      'give the file another name, or leave it out with export-ignore in .gitattributes',
    );
