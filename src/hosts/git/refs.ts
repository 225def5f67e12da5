import { usageError } from '@golden-pipeline/shared/errors';
import { type CommitText, readCommitText } from './commit-text.ts';
import { git, isCommit, topLevel } from './run-git.ts';

/** The full id of the commit that a ref names. @throws as {@link readCommit} */
export async function resolveCommit(request: { repository: string; ref: string }): Promise<string> {
  return (await readCommit(request)).commit;
}

/**
 * The commit that a ref names: its full id and what it says of itself, in one call of git. Rejects with a usage error:
 * `git.bad-ref` (not a valid name for git), `git.unknown-ref`, `git.ambiguous-ref` (a branch and a tag have this name),
 * `git.not-a-repository`, `git.unsafe-directory`.
 */
export async function readCommit({
  repository,
  ref,
}: {
  repository: string;
  ref: string;
}): Promise<CommitText & { commit: string }> {
  checkRef(ref);
  const folder = await topLevel(repository);
  await assertUnambiguous(folder, ref);
  const { stdout } = await git(folder, ['cat-file', '--batch'], { input: `${ref}^{commit}\n` });
  const [, commit = '', raw = ''] = /^([0-9a-f]+) commit \d+\n(.*)$/s.exec(stdout) ?? [];
  if (isCommit(commit)) return { commit, ...readCommitText(raw) };
  if (ref === 'HEAD') {
    throw usageError(
      'git.unknown-ref',
      `${repository} has no commit yet, and releases are made from commits`,
      `git -C ${folder} add --all && git -C ${folder} commit`,
    );
  }
  throw usageError(
    'git.unknown-ref',
    `${JSON.stringify(ref)} names no commit in ${repository}`,
    'git branch --all and git tag list what there is',
  );
}

/** True when the repository has the commit itself; it may still lack files of it. */
export async function hasCommit(repository: string, commit: string): Promise<boolean> {
  if (!isCommit(commit)) return false;
  return (await git(await topLevel(repository), ['cat-file', '-e', `${commit}^{commit}`])).exitCode === 0;
}

/** The command that fetches a commit that a clone lacks. */
export async function fetchCommand(repository: string, commit: string): Promise<string> {
  const { stdout } = await git(await topLevel(repository), ['rev-parse', '--is-shallow-repository']);
  return stdout === 'true' ? `git -C ${repository} fetch --unshallow` : `git -C ${repository} fetch origin ${commit}`;
}

/** The places where git looks for a short name (gitrevisions(7)). It uses the first match and warns only on stderr. */
const places = ['refs/', 'refs/tags/', 'refs/heads/', 'refs/remotes/'];

/** Refuses a name of several refs, and one that is also a prefix of a commit's id. */
async function assertUnambiguous(folder: string, ref: string): Promise<void> {
  const [name = ''] = ref.split(/[~^]|@\{/, 1);
  if (name === '' || name === '@' || name === 'HEAD') return;
  const wanted = [...places.map((place) => `${place}${name}`), `refs/remotes/${name}/HEAD`];
  const listed = await git(folder, ['for-each-ref', '--format=%(refname)', ...wanted]);
  const refs = listed.stdout.split('\n').filter((one) => wanted.includes(one));
  const [first] = refs;
  if (first === undefined) return;
  const ids = await commitsWithPrefix(folder, name);
  const all = [...refs, ...ids];
  if (all.length < 2) return;
  throw usageError(
    'git.ambiguous-ref',
    `${JSON.stringify(name)} has several meanings in ${folder}: ${all.join(', ')}`,
    `name the one that you mean in full: ${first}${ref.slice(name.length)}`,
  );
}

async function commitsWithPrefix(folder: string, name: string): Promise<string[]> {
  if (!/^[0-9a-f]{4,64}$/.test(name)) return [];
  const { stdout } = await git(folder, ['rev-parse', `--disambiguate=${name}`]);
  const ids = stdout.split('\n').filter(isCommit);
  const types = await Promise.all(ids.map((id) => git(folder, ['cat-file', '-t', id])));
  return ids.filter((_, index) => types[index]?.stdout === 'commit');
}

function checkRef(ref: string): void {
  const bad =
    ref === '' ||
    ref.startsWith('-') ||
    ref.length > 250 ||
    /[\s\p{Cc}\\?*[:;|&$`'"<>()]/u.test(ref) ||
    ref.includes('..');
  if (bad) throw usageError('git.bad-ref', `${JSON.stringify(ref)} is not a branch, tag or commit`);
}
