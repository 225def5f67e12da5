import { afterEach, beforeEach, expect, it } from 'vitest';
import { commitUrl, readRemote } from '../../../src/hosts/git/remote.ts';
import { type TemporaryRepository, temporaryRepository } from './support/temporary-repository.ts';

let repo: TemporaryRepository;
beforeEach(async () => {
  repo = await temporaryRepository();
});
afterEach(() => repo.remove());

it.each([
  ['git@github.com:shop/api.git', 'https://github.com/shop/api/commit/abc'],
  ['https://github.com/shop/api', 'https://github.com/shop/api/commit/abc'],
  ['https://ann:token@github.com/shop/api.git/', 'https://github.com/shop/api/commit/abc'],
  ['ssh://git@github.com:22/shop/api.git', 'https://github.com/shop/api/commit/abc'],
  ['ssh://git@ssh.github.com:443/shop/api.git', 'https://github.com/shop/api/commit/abc'],
  ['git@github.example.com:shop/api.git', 'https://github.example.com/shop/api/commit/abc'],
  ['git@gitlab.com:shop/web/api.git', 'https://gitlab.com/shop/web/api/-/commit/abc'],
  ['https://gitlab.example.com:8443/shop/api.git', 'https://gitlab.example.com:8443/shop/api/-/commit/abc'],
  ['ssh://git@gitlab.example.com:2222/shop/api.git', 'https://gitlab.example.com/shop/api/-/commit/abc'],
])('a commit of %s has the page %s', (remote, url) => {
  expect(commitUrl(remote, 'abc')).toBe(url);
});

it.each([
  'git@bitbucket.org:shop/api.git',
  '/srv/git/github.com/api.git',
  '../api',
  'file:///srv/github.com/shop/api',
  'https://github.com/api',
  'https://github.com/shop/web/api',
  'https://notgithub.com/shop/api',
  'https://github.com/shop/a b',
  'https://[/shop',
  '',
])('a commit of %j has no page', (remote) => {
  expect(commitUrl(remote, 'abc')).toBeUndefined();
});

it('the remote is the one named origin, and undefined without it', async () => {
  expect(await readRemote(repo.repository)).toBeUndefined();
  repo.git('remote', 'add', 'origin', 'git@github.com:shop/api.git');
  expect(await readRemote(repo.repository)).toBe('git@github.com:shop/api.git');
});
