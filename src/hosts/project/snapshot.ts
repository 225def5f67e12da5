import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { git, gitFailed, isCommit, nameOf } from '../git/run-git.ts';
import { type ProjectPlace, projectRepository, watchedPaths } from './place.ts';

/** Repository for snapshots of a project without one. */
export const ownStore = ({ projectDir }: Pick<ProjectPlace, 'projectDir'>): string =>
  join(projectDir, '.pipeline', 'snapshots.git');

/** Paths that are never part of a snapshot of a project without git, which may lack a .gitignore. */
const installed = /(^|\/)(node_modules|\.pipeline|\.venv|__pycache__)\//;

const person = {
  GIT_AUTHOR_NAME: 'golden-pipeline',
  GIT_AUTHOR_EMAIL: 'golden-pipeline@localhost',
  GIT_COMMITTER_NAME: 'golden-pipeline',
  GIT_COMMITTER_EMAIL: 'golden-pipeline@localhost',
};

/**
 * Records the current files that determine how hosts are built in a separate commit on top of the last one; index,
 * branches and work tree do not change. A ref below `refs/golden-pipeline/snapshots/` keeps git from removing it.
 * @returns the commit's id
 */
export async function takeSnapshot(place: ProjectPlace): Promise<string> {
  const found = await projectRepository(place);
  const own = found ? undefined : await openStore(place);
  const scratch = await mkdtemp(join(tmpdir(), 'gp-snapshot-'));
  const root = found?.root ?? place.projectDir;
  try {
    const where: Record<string, string> = own === undefined ? {} : { GIT_DIR: own, GIT_WORK_TREE: root };
    const index = { ...where, ...person, GIT_INDEX_FILE: join(scratch, 'index') };
    const run = async (argv: string[], env: Record<string, string>, input = '') => {
      const result = await git(root, argv, { env, input: Buffer.from(input, 'latin1') });
      if (result.exitCode !== 0) throw gitFailed(`git ${argv[0]} in ${root}`, result.stderr);
      return result.stdout;
    };
    // A new repository has no commit yet.
    const last = found && (await git(root, ['rev-parse', '--verify', '--quiet', 'HEAD^{commit}']));
    const head = last?.exitCode === 0 ? last.stdout : undefined;
    await run(head === undefined ? ['read-tree', '--empty'] : ['read-tree', head], index);
    const paths = watchedPaths(place, found?.prefix ?? '.').filter(
      (path) => existsSync(join(root, path)) || head !== undefined,
    );
    if (paths.length > 0) {
      // Based on the index of the work tree, which has what a sparse checkout excludes.
      const asked = ['status', '--porcelain=v1', '-z', '--no-renames', '--untracked-files=all', '--', ...paths];
      const status = await run(asked, own === undefined ? where : index);
      const changed = status.split('\0').flatMap((entry) => (entry === '' ? [] : [entry.slice(3)]));
      // A folder is a separate repository, which a commit of this one cannot contain.
      const files = changed.filter((name) => !name.endsWith('/') && !(own !== undefined && installed.test(name)));
      await run(
        ['update-index', '--add', '--remove', '--replace', '-z', '--stdin'],
        index,
        files.map((name) => `${name}\0`).join(''),
      );
    }
    const tree = await run(['write-tree'], index);
    const parent = head === undefined ? [] : ['-p', head];
    const message = 'Files that plays of golden-pipeline were run from';
    const commit = await run(['commit-tree', tree, ...parent, '-m', message], index);
    if (!isCommit(commit)) throw gitFailed('git commit-tree', nameOf(commit));
    await run(['update-ref', `refs/golden-pipeline/snapshots/${commit.slice(0, 12)}`, commit], where);
    return commit;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function openStore(place: ProjectPlace): Promise<string> {
  const store = ownStore(place);
  if (existsSync(join(store, 'HEAD'))) return store;
  await mkdir(store, { recursive: true });
  const made = await git(store, ['init', '--quiet', '--bare', '.']);
  if (made.exitCode !== 0) throw gitFailed(`git init of ${store}`, made.stderr);
  return store;
}
