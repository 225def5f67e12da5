import { show } from '@golden-pipeline/shared/text';
import { git, gitFailed, isCommit, nameOf, repositoryPath, topLevel } from './run-git.ts';

/** A commit as it is listed. */
export interface ListedCommit {
  commit: string;
  /** First line of the message. */
  subject: string;
  author: string;
  /** ISO time. */
  at: string;
}

/** What two commits differ in. */
export interface CommitRange {
  /** Commits that only `to` has, newest first. */
  added: ListedCommit[];
  /** Commits that only `from` has, newest first: they would be gone. */
  removed: ListedCommit[];
  /** There are more than were read. */
  cut: boolean;
}

/** So many commits of a range are read. */
export const longestRange = 1000;

/** One field after another, as no name or subject has a NUL; the subject comes last. */
const format = '--format=format:%m%H%x1f%an%x1f%aI%x1f%s';

/**
 * The commits in which two commits of a repository differ, both given in full: one call of git.
 * @param path Only commits that change something below this folder of the repository; `.` for all.
 * @returns undefined when the clone lacks one of the two, or is shallow and lacks what connects them
 */
export async function readRange(
  repository: string,
  { from, to, path = '.' }: { from: string; to: string; path?: string },
): Promise<CommitRange | undefined> {
  if (!isCommit(from) || !isCommit(to)) return undefined;
  const folder = await topLevel(repository);
  const paths = path === '.' ? [] : [repositoryPath(path)];
  const limit = `--max-count=${longestRange + 1}`;
  const result = await git(folder, [
    ...['log', '-z', '--left-right', '--encoding=UTF-8', '--no-show-signature', '--no-color', '--no-notes'],
    ...[limit, format, '--end-of-options', `${from}...${to}`, '--', ...paths],
  ]);
  if (result.exitCode !== 0) return undefined;
  const all = result.stdout.split('\0').filter((entry) => entry !== '');
  const entries = all.slice(0, longestRange);
  const side = (mark: string) => entries.filter((entry) => entry.startsWith(mark)).map(toCommit);
  const removed = side('<');
  // In a shallow clone, what only looks unrelated may be an ancestor.
  if (removed.length > 0 && !(await areConnected(folder, from, to))) return undefined;
  return { added: side('>'), removed, cut: all.length > longestRange };
}

async function areConnected(folder: string, from: string, to: string): Promise<boolean> {
  if ((await git(folder, ['merge-base', from, to])).exitCode === 0) return true;
  return (await git(folder, ['rev-parse', '--is-shallow-repository'])).stdout !== 'true';
}

function toCommit(entry: string): ListedCommit {
  const [commit = '', author = '', at = '', ...subject] = nameOf(entry.slice(1)).split('\x1f');
  return { commit, subject: subject.join(' '), author, at };
}

/** A file that two commits have in different states. */
export interface ChangedPath {
  /** From the root of the repository. */
  path: string;
  how: 'added' | 'changed' | 'deleted';
}

/**
 * The files below some paths in which two commits of a repository differ: one call of git, renames as one file less and one more.
 * @param paths From the root of the repository; `.` for all.
 * @throws PipelineError `git.failed` when the clone lacks one of the commits
 */
export async function readChangedPaths(
  repository: string,
  { from, to, paths }: { from: string; to: string; paths: readonly string[] },
): Promise<ChangedPath[]> {
  // They may come from a ledger, and must not be read as options.
  for (const commit of [from, to])
    if (!isCommit(commit)) throw gitFailed('git diff-tree', `${show(commit)} is not a commit`);
  const wanted = paths.includes('.') ? [] : paths;
  const argv = ['diff-tree', '-r', '-z', '--no-renames', '--name-status', from, to, '--', ...wanted];
  const { exitCode, stdout, stderr } = await git(await topLevel(repository), argv);
  if (exitCode !== 0) throw gitFailed(`git diff-tree ${from} ${to}`, stderr);
  const fields = stdout.split('\0');
  const found: ChangedPath[] = [];
  for (let index = 0; index + 1 < fields.length; index += 2) {
    found.push({ path: nameOf(fields[index + 1] ?? ''), how: meanings[fields[index] ?? ''] ?? 'changed' });
  }
  return found;
}

const meanings: Readonly<Record<string, ChangedPath['how']>> = { A: 'added', D: 'deleted' };
