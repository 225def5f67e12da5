import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { assertReleasable } from '../../../src/hosts/git/releasable.ts';
import { runGit, type TemporaryRepository, temporaryRepository } from './support/temporary-repository.ts';

let repo: TemporaryRepository;
beforeEach(async () => {
  repo = await temporaryRepository();
});
afterEach(() => repo.remove());

const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${'a'.repeat(64)}\nsize 12345\n`;
const check = (path = 'app') =>
  assertReleasable({ repository: repo.repository, path, commit: repo.git('rev-parse', 'HEAD') });

it('an ordinary commit is accepted, whatever the names of its files', async () => {
  await repo.commit({ 'app/a\nb': 'x', 'app/naïve': '', 'app/empty': '', README: pointer.slice(8) });
  await check();
  await check('.');
  await check('./app/');
});

it('a submodule is refused by its name, and accepted elsewhere in the repository', async () => {
  const inner = await temporaryRepository();
  try {
    await inner.commit({ a: 'x' });
    await repo.commit({ 'app/a': 'x', 'web/a': 'x' });
    repo.git('submodule', '--quiet', 'add', inner.repository, 'app/lib');
    await repo.commit();
    await expect(check()).rejects.toMatchObject({
      code: 'git.submodule',
      outcome: 'usage',
      message: expect.stringContaining('app/lib in commit'),
      fix: expect.stringContaining('git subtree add'),
    });
    await expect(check('.')).rejects.toMatchObject({ code: 'git.submodule' });
    await check('web');
  } finally {
    await inner.remove();
  }
});

it('pointers of Git LFS are refused and counted, with attributes or without', async () => {
  await repo.commit({ 'app/a.bin': pointer, 'app/b.bin': pointer, 'app/lfs.md': `${pointer}${'more '.repeat(300)}` });
  await expect(check()).rejects.toMatchObject({
    code: 'git.lfs',
    message: expect.stringContaining('app/a.bin and 1 more in commit'),
    fix: expect.stringContaining('git lfs migrate export'),
  });
});

it('files that export-ignore excludes are not checked, whether by themselves or by their folder', async () => {
  await repo.commit({
    '.gitattributes': 'docs/ export-ignore\n*.psd export-ignore filter=lfs\n',
    'app/docs/deep/a.bin': pointer,
    'app/a.psd': pointer,
    'app/release.json': '{}',
    'app/.gitattributes': 'release.json export-ignore\n',
    'app/server.js': 'x',
  });
  await check();
});

it('a file with an active filter here, or with an encrypting filter, is refused', async () => {
  const attributes = (text: string) => repo.commit({ '.gitattributes': text, 'app/keys': 'x', 'app/b': 'x' });
  await attributes('keys filter=mine\n');
  await check();
  repo.git('config', 'filter.mine.smudge', 'cat');
  await check();
  repo.git('config', 'filter.mine.smudge', 'decrypt');
  await expect(check()).rejects.toMatchObject({
    code: 'git.filtered',
    message: expect.stringMatching(/^app\/keys in commit .* the git filter mine,/),
  });
  await attributes('keys filter=git-crypt\n');
  await expect(check()).rejects.toMatchObject({ code: 'git.filtered' });
  await attributes('keys filter=git-crypt\nkeys -filter\n');
  await check();
});

it('a link to a file of the repository outside of the release is refused, and one to the host, or within, is accepted', async () => {
  await repo.commit({ 'app/a': 'x', 'lib/shared.js': 'x' });
  await symlink('a', join(repo.repository, 'app/inside'));
  await symlink('/etc/hosts', join(repo.repository, 'app/absolute'));
  await symlink('../../shared/uploads', join(repo.repository, 'app/uploads'));
  await symlink('../shared/log', join(repo.repository, 'app/log'));
  await repo.commit();
  await check();
  await symlink('../lib/shared.js', join(repo.repository, 'app/shared.js'));
  await repo.commit();
  await expect(check()).rejects.toMatchObject({
    code: 'git.link-outside',
    message: expect.stringContaining('app/shared.js in commit'),
  });
  await check('.');
});

it('names that the release role writes itself are refused in the root of the release', async () => {
  await repo.commit({ 'app/lib/release.json': '{}', 'release.json': '{}' });
  await check();
  await expect(check('.')).rejects.toMatchObject({ code: 'git.reserved-name' });
});

it('an empty or missing folder is refused', async () => {
  await repo.commit({ 'other/a': 'x' });
  await expect(check()).rejects.toMatchObject({
    code: 'git.bad-path',
    message: expect.stringContaining('has no folder "app"'),
  });
});

it('a partial clone is refused before anything is fetched or built', async () => {
  await repo.commit({ 'app/a': 'x' });
  repo.git('config', 'uploadpack.allowFilter', 'true');
  const commit = repo.git('rev-parse', 'HEAD');
  for (const filter of ['blob:none', 'tree:0']) {
    const partial = join(repo.folder, filter.slice(0, 4));
    runGit(repo.folder, 'clone', '-q', `--filter=${filter}`, '--no-checkout', `file://${repo.repository}`, partial);
    const request = { repository: partial, path: 'app', commit };
    await expect(assertReleasable(request)).rejects.toMatchObject({ code: 'git.objects-missing', outcome: 'usage' });
  }
});

it('a sparse checkout releases the whole commit', async () => {
  await repo.commit({ 'app/a': 'x', 'web/b': 'x' });
  repo.git('sparse-checkout', 'set', 'web');
  await check();
});
