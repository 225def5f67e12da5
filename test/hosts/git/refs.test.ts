import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { fetchCommand, hasCommit, resolveCommit } from '../../../src/hosts/git/refs.ts';
import { runGit, type TemporaryRepository, temporaryRepository } from './support/temporary-repository.ts';

let repo: TemporaryRepository;
beforeEach(async () => {
  repo = await temporaryRepository();
});
afterEach(() => repo.remove());

const resolve = (ref: string) => resolveCommit({ repository: repo.repository, ref });

it('a name of both a branch and a tag is refused with both, and either full name is accepted', async () => {
  const first = await repo.commit({ a: '1' });
  repo.git('tag', 'v1');
  const second = await repo.commit({ a: '2' });
  repo.git('branch', 'v1');
  for (const ref of ['v1', 'v1~0', 'v1^']) {
    await expect(resolve(ref)).rejects.toMatchObject({
      code: 'git.ambiguous-ref',
      outcome: 'usage',
      message: expect.stringMatching(/refs\/heads\/v1, refs\/tags\/v1/),
      fix: expect.stringContaining(`in full: refs/heads/v1${ref.slice(2)}`),
    });
  }
  expect(await resolve('refs/tags/v1')).toBe(first);
  expect(await resolve('refs/heads/v1')).toBe(second);
  expect(await resolve('heads/v1')).toBe(second);
  expect(await resolve('HEAD')).toBe(second);
  expect(await resolve('main')).toBe(second);
});

it("a branch named like the beginning of another commit's id is refused", async () => {
  const first = await repo.commit({ a: '1' });
  await repo.commit({ a: '2' });
  repo.git('branch', first.slice(0, 8));
  await expect(resolve(first.slice(0, 8))).rejects.toMatchObject({
    code: 'git.ambiguous-ref',
    message: expect.stringContaining(first),
  });
  expect(await resolve(first)).toBe(first);
  expect(await resolve(first.slice(0, 9))).toBe(first);
});

it('a shallow clone reports missing commits, and how to fetch them', async () => {
  const first = await repo.commit({ a: '1' });
  const second = await repo.commit({ a: '2' });
  const shallow = join(repo.folder, 'shallow');
  runGit(repo.folder, 'clone', '-q', '--depth=1', `file://${repo.repository}`, shallow);
  expect(await hasCommit(shallow, second)).toBe(true);
  expect(await hasCommit(shallow, first)).toBe(false);
  expect(await hasCommit(shallow, 'unknown')).toBe(false);
  expect(await fetchCommand(shallow, first)).toBe(`git -C ${shallow} fetch --unshallow`);
  expect(await fetchCommand(repo.repository, first)).toContain(`fetch origin ${first}`);
});
