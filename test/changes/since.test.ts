import { expect, it } from 'vitest';
import { describeSince, summarizeSince } from '../../src/changes/since.ts';

const commits = ['ann', 'bob', 'ann', 'cleo', 'dan', 'eve', 'ann'].map((author, index) => ({
  commit: `${index}`.repeat(40),
  subject: `Change ${index}`,
  author,
}));

it('says in a few words what a release brings, and by whom', () => {
  const since = { version: 'v41', added: 2, removed: 0, commits: commits.slice(0, 2) };
  expect(summarizeSince(since)).toBe('2 commits by ann, bob');
  expect(summarizeSince({ ...since, added: 1, commits: commits.slice(0, 1) })).toBe('1 commit by ann');
  expect(summarizeSince({ ...since, added: 7, commits })).toBe('7 commits by ann, bob and 3 more');
  expect(summarizeSince({ ...since, added: 0, removed: 3, commits: [] })).toBe('without 3 commits of v41');
  expect(summarizeSince({ ...since, added: 0, commits: [] })).toBe('no change of the app since v41');
});

it('lists the newest commits in a plan, and how many there are besides', () => {
  expect(describeSince({ version: 'v41', added: 7, removed: 0, commits })).toEqual([
    'since v41: 7 commits by ann, bob and 3 more',
    '000000000000 Change 0 (ann)',
    '111111111111 Change 1 (bob)',
    '222222222222 Change 2 (ann)',
    '333333333333 Change 3 (cleo)',
    '444444444444 Change 4 (dan)',
    'and 2 more commits',
  ]);
});
