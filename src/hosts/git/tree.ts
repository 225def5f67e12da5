import { posix } from 'node:path';
import { type PipelineError, usageError } from '@golden-pipeline/shared/errors';
import { type Isolated, isolated } from './isolated.ts';
import { bytesOf, gitFailed, isCommit, repositoryPath, topLevel } from './run-git.ts';

/** A pointer of Git LFS is shorter than this, in bytes (docs/spec.md of git-lfs). */
export const pointerLimit = 1024;

/** True for the contents of a pointer of Git LFS. */
export const isPointer = (text: string): boolean => text.startsWith('version https://git-lfs.github.com/spec/v1\n');

/** A file of a commit. */
export interface TreeEntry {
  /** `100644`, `100755`, `120000` (symbolic link), `160000` (submodule). */
  mode: string;
  id: string;
  /** Size of the blob in bytes; undefined for a submodule, and NaN where the clone lacks the blob. */
  size?: number;
  /** Path from the root of the repository, its bytes in latin1. */
  name: string;
}

/**
 * The files of a commit below some paths, which need not exist.
 * @throws usage error `git.objects-missing` when the clone lacks a part of the commit
 */
export async function listTree(view: Isolated, commit: string, paths: string[]): Promise<TreeEntry[]> {
  const words = paths.includes('.') ? [] : ['--', ...paths];
  const result = await view.git(['ls-tree', '-r', '-l', '-z', '--full-tree', commit, ...words]);
  if (result.exitCode !== 0) {
    // Messages of git's versions for a missing tree, blob or commit.
    if (/object info|unable to read|not a (valid object|tree)|could not (read|get)|missing/i.test(result.stderr)) {
      throw objectsMissing(commit, result.stderr);
    }
    throw gitFailed(`git ls-tree of ${commit.slice(0, 12)}`, result.stderr);
  }
  return result.stdout
    .split('\0')
    .filter((line) => line !== '')
    .map(readEntry);
}

/** The error for a clone that does not have all of a commit: a shallow or a partial one. */
export function objectsMissing(commit: string, detail: string): PipelineError {
  return usageError(
    'git.objects-missing',
    `this clone does not have all of commit ${commit.slice(0, 12)}`,
    'complete it: git fetch --unshallow (a shallow clone), git fetch --refetch --no-filter (a partial clone), or clone anew',
    detail
      .split('\n')
      .filter((line) => line !== '')
      .slice(0, 3),
  );
}

function readEntry(line: string): TreeEntry {
  const tab = line.indexOf('\t');
  const [mode = '', , id = '', size = ''] = line.slice(0, tab).split(/ +/);
  return { mode, id, name: line.slice(tab + 1), ...(size === '-' ? {} : { size: Number(size) }) };
}

/** The contents of blobs by their id, in latin1. Missing ones are skipped. */
export async function readBlobs(view: Isolated, ids: readonly string[]): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  if (ids.length === 0) return found;
  const { stdout } = await view.git(['cat-file', '--batch'], { input: `${[...new Set(ids)].join('\n')}\n` });
  const text = `${stdout}\n`;
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf('\n', at);
    if (end < 0) break;
    const [id = '', type, size] = text.slice(at, end).split(' ');
    at = end + 1;
    if (type !== 'blob') continue;
    found.set(id, text.slice(at, at + Number(size)));
    at += Number(size) + 1;
  }
  return found;
}

/** A file of a commit: its blob, and its text. */
export interface FileAt {
  id: string;
  text: string;
}

/**
 * A file below `path` in a commit; undefined when the commit has no such file.
 * @throws usage error `git.bad-path`; `git.objects-missing` when the clone lacks the commit, a folder or the file
 */
export async function readFileAt(request: {
  repository: string;
  path: string;
  commit: string;
  file: string;
}): Promise<FileAt | undefined> {
  const { repository, commit } = request;
  const name = posix.join(repositoryPath(request.path), repositoryPath(request.file));
  if (!isCommit(commit)) throw usageError('git.bad-ref', `${JSON.stringify(commit)} is not a full commit id`);
  return isolated(await topLevel(repository), async (view) => {
    const entry = (await listTree(view, commit, [name])).find((one) => one.name === bytesOf(name));
    if (!entry) return undefined;
    const text = (await readBlobs(view, [entry.id])).get(entry.id);
    if (text === undefined) throw objectsMissing(commit, `${name} is blob ${entry.id}`);
    return { id: entry.id, text: Buffer.from(text, 'latin1').toString('utf8') };
  });
}
