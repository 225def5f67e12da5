import { existsSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readChangedPaths, readRange } from '../../../src/hosts/git/range.ts';
import { runGit, type TemporaryRepository, temporaryRepository } from './support/temporary-repository.ts';

let repo: TemporaryRepository;
let base: string;
let ours: string;
let theirs: string;

beforeAll(async () => {
  repo = await temporaryRepository();
  base = await repo.commit({ 'api/server.js': '1', 'web/index.html': '1', 'api/gone.txt': '1' });
  await repo.commit({ 'web/index.html': '2' });
  repo.git('rm', '-q', 'api/gone.txt');
  ours = await repo.commit({ 'api/server.js': '2', 'api/ünï cödé\n.txt': '1' });
  repo.git('-c', 'user.name=Bö\u202eb', 'commit', '-q', '--amend', '--reset-author', '-m', 'Fix "pay" — 100 %\n\nmore');
  ours = repo.git('rev-parse', 'HEAD');
  repo.git('checkout', '-q', '-b', 'other', base);
  theirs = await repo.commit({ 'api/other.js': '1' });
});
afterAll(() => repo.remove());

it('lists the commits of both sides, limited to a folder', async () => {
  const all = await readRange(repo.repository, { from: theirs, to: ours });
  expect(all).toMatchObject({ cut: false, removed: [{ commit: theirs, subject: 'change', author: 't' }] });
  expect(all?.added).toHaveLength(2);
  expect(all?.added[0]).toMatchObject({ commit: ours, subject: 'Fix "pay" — 100 %', author: 'Bö\u202eb' });
  const api = await readRange(repo.repository, { from: base, to: ours, path: 'api' });
  expect(api?.added.map((one) => one.commit)).toEqual([ours]);
});

it('lists files by what happened to them, with their names as they are', async () => {
  expect(await readChangedPaths(repo.repository, { from: base, to: ours, paths: ['api'] })).toEqual([
    { path: 'api/gone.txt', how: 'deleted' },
    { path: 'api/server.js', how: 'changed' },
    { path: 'api/ünï cödé\n.txt', how: 'added' },
  ]);
  expect(await readChangedPaths(repo.repository, { from: base, to: ours, paths: ['.'] })).toHaveLength(4);
});

it('does not take what a shallow clone lacks for commits that would be gone', async () => {
  const shallow = `${repo.folder}/shallow`;
  const url = `file://${repo.repository}`;
  runGit(repo.folder, 'clone', '-q', '--depth', '1', '--branch', 'main', url, shallow);
  runGit(shallow, 'fetch', '-q', '--depth', '1', 'origin', base);
  expect(await readRange(shallow, { from: base, to: ours })).toBeUndefined();
});

it('refuses what is not a commit instead of handing it to git', async () => {
  const from = `--output=${repo.folder}/overwritten`;
  await expect(readChangedPaths(repo.repository, { from, to: ours, paths: ['.'] })).rejects.toMatchObject({
    code: 'git.failed',
  });
  expect(existsSync(`${repo.folder}/overwritten`)).toBe(false);
});

it('knows nothing of a commit that the clone lacks', async () => {
  const missing = 'a'.repeat(40);
  expect(await readRange(repo.repository, { from: missing, to: ours })).toBeUndefined();
  expect(await readRange(repo.repository, { from: '--all', to: ours })).toBeUndefined();
  await expect(readChangedPaths(repo.repository, { from: missing, to: ours, paths: ['.'] })).rejects.toMatchObject({
    code: 'git.failed',
  });
});
