import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readFileAt } from '../../../src/hosts/git/tree.ts';
import { type TemporaryRepository, temporaryRepository } from './support/temporary-repository.ts';

let repo: TemporaryRepository;

beforeEach(async () => {
  repo = await temporaryRepository();
});
afterEach(() => repo.remove());

const read = (commit: string) => readFileAt({ repository: repo.repository, path: 'app', commit, file: 'a' });

/** Moves the object of a file's contents away; what it resolves with brings it back. */
async function lose(name: string): Promise<() => Promise<void>> {
  const id = repo.git('rev-parse', `HEAD:${name}`);
  const object = join(repo.repository, '.git/objects', id.slice(0, 2), id.slice(2));
  await rename(object, `${object}.lost`);
  return () => rename(`${object}.lost`, object);
}

it('what was read of a commit is kept', async () => {
  const commit = await repo.commit({ 'app/a': 'one' });
  const first = await read(commit);
  await lose('app/a');
  expect(await read(commit)).toEqual(first);
  expect(first?.text).toBe('one');
});

it('a missing object is read again', async () => {
  const commit = await repo.commit({ 'app/a': 'one' });
  const restore = await lose('app/a');
  await expect(read(commit)).rejects.toMatchObject({ code: 'git.objects-missing' });
  await restore();
  expect((await read(commit))?.text).toBe('one');
});

it('a file of another commit is read of that commit', async () => {
  const first = await repo.commit({ 'app/a': 'one' });
  const second = await repo.commit({ 'app/a': 'two' });
  expect([(await read(first))?.text, (await read(second))?.text]).toEqual(['one', 'two']);
});
