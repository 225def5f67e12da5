import type { Fleet } from '../config/settings.ts';
import { readRange } from '../hosts/git/range.ts';
import type { CommitsSince, ReleaseRecord } from '../ledger/types.ts';

/** So many commits of a release are recorded. */
const recorded = 20;

/** The commits between the version that serves and a commit; undefined where the ledger or the clone lacks the one that serves. */
export async function readSince(
  { repository, path }: Fleet['source'],
  releases: readonly Pick<ReleaseRecord, 'version' | 'commit'>[],
  { serving, commit }: { serving: string | undefined; commit: string },
): Promise<CommitsSince | undefined> {
  const before = releases.find((one) => one.version === serving);
  if (!before) return undefined;
  const range = await readRange(repository, { from: before.commit, to: commit, path });
  if (!range) return undefined;
  const commits = range.added
    .slice(0, recorded)
    .map(({ commit: id, subject, author }) => ({ commit: id, subject, author }));
  return { version: before.version, added: range.added.length, removed: range.removed.length, commits };
}

/**
 * `3 commits by ann, bob`, for a question or a message; `no change of the app since v41` when nothing differs.
 * @param nameOf How an author is named.
 */
export function summarizeSince(
  { version, added, removed, commits }: CommitsSince,
  nameOf: (author: string) => string = (author) => author,
): string {
  if (added === 0 && removed === 0) return `no change of the app since ${version}`;
  const authors = [...new Set(commits.map((one) => one.author))].map(nameOf);
  const named =
    authors.length > 3 ? `${authors.slice(0, 2).join(', ')} and ${authors.length - 2} more` : authors.join(', ');
  const news = added > 0 ? [`${count(added)} by ${named}`] : [];
  return [...news, ...(removed > 0 ? [`without ${count(removed)} of ${version}`] : [])].join(', ');
}

/** So many commits stand in a plan. */
const planned = 5;

/** Lines of a plan: what the release brings, and the newest commits of it. */
export function describeSince(since: CommitsSince): string[] {
  const shown = since.commits.slice(0, planned);
  const more = since.added - shown.length;
  return [
    `since ${since.version}: ${summarizeSince(since)}`,
    ...shown.map(({ commit, subject, author }) => `${commit.slice(0, 12)} ${subject} (${author})`),
    ...(more > 0 ? [`and ${count(more, 'more commit')}`] : []),
  ];
}

const count = (number: number, what = 'commit'): string => `${number} ${what}${number === 1 ? '' : 's'}`;
