import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { archiveCommit } from '../../../src/hosts/git/archive.ts';
import { resolveCommit } from '../../../src/hosts/git/refs.ts';
import { readFileAt } from '../../../src/hosts/git/tree.ts';
import { describeWorkTree } from '../../../src/hosts/git/work-tree.ts';

let folder: string;
let repository: string;
let head: string;

const git = (...argv: string[]) =>
  execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', ...argv], {
    cwd: repository,
    stdio: 'pipe',
  })
    .toString()
    .trim();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gp-git-'));
  repository = join(folder, 'with space');
  await mkdir(join(repository, 'services/api'), { recursive: true });
  await writeFile(join(repository, 'README'), 'top');
  await writeFile(join(repository, 'services/api/server.js'), 'one');
  git('init', '-q', '-b', 'main');
  git('add', '.');
  git('commit', '-q', '-m', 'one');
  git('tag', '-a', 'v1', '-m', 'annotated');
  git('branch', 'feature/fast');
  head = git('rev-parse', 'HEAD');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('readFileAt', () => {
  it('reads a file of a commit below the path, independent of the work tree', async () => {
    const at = { repository, commit: head };
    expect((await readFileAt({ ...at, path: '.', file: 'README' }))?.text).toBe('top');
    expect((await readFileAt({ ...at, path: 'services/api', file: 'server.js' }))?.text).toBe('one');
    await writeFile(join(repository, 'services/api/later.txt'), 'not committed');
    expect(await readFileAt({ ...at, path: 'services/api', file: 'later.txt' })).toBeUndefined();
    await rm(join(repository, 'services/api/later.txt'));
    expect(await readFileAt({ ...at, path: '.', file: 'services' })).toBeUndefined();
    await expect(readFileAt({ repository, commit: '0'.repeat(40), path: '.', file: 'README' })).rejects.toMatchObject({
      code: 'git.objects-missing',
    });
    await expect(readFileAt({ ...at, path: '..', file: 'README' })).rejects.toMatchObject({ code: 'git.bad-path' });
  });
});

describe('resolveCommit', () => {
  it.each(['HEAD', 'main', 'v1', 'feature/fast', 'HEAD~0', 'refs/heads/main'])('finds %s', async (ref) => {
    expect(await resolveCommit({ repository, ref })).toBe(head);
  });

  it('finds a short and a full id', async () => {
    expect(await resolveCommit({ repository, ref: head })).toBe(head);
    expect(await resolveCommit({ repository, ref: head.slice(0, 9) })).toBe(head);
  });

  it('names an unknown ref', async () => {
    const wanted = { code: 'git.unknown-ref', outcome: 'usage', message: expect.stringContaining('"nothing"') };
    await expect(resolveCommit({ repository, ref: 'nothing' })).rejects.toMatchObject(wanted);
    await expect(resolveCommit({ repository, ref: '0'.repeat(40) })).rejects.toMatchObject({ code: 'git.unknown-ref' });
  });

  it.each([
    '',
    '-h',
    '--upload-pack=touch /tmp/x',
    '--output=/tmp/x',
    ';rm -rf /',
    '$(id)',
    'a\nb',
    'a b',
    'main..v1',
    '../main',
    'HEAD:README',
    ':/one',
    'a\0b',
    '`id`',
  ])('refuses %j before git is called', async (ref) => {
    await expect(resolveCommit({ repository, ref })).rejects.toMatchObject({ code: 'git.bad-ref', outcome: 'usage' });
  });

  it('reports a repository without commits', async () => {
    const empty = join(folder, 'empty');
    execFileSync('git', ['init', '-q', empty]);
    await expect(resolveCommit({ repository: empty, ref: 'HEAD' })).rejects.toMatchObject({
      code: 'git.unknown-ref',
      message: `${empty} has no commit yet, and releases are made from commits`,
      fix: expect.stringContaining('commit'),
    });
  });

  it('reports a folder that is not a repository, does not exist, or is a file', async () => {
    await writeFile(join(folder, 'file'), '');
    for (const wrong of [folder, join(folder, 'nowhere'), join(folder, 'file')]) {
      const wanted = { code: 'git.not-a-repository', message: `${wrong} is not a git repository` };
      await expect(resolveCommit({ repository: wrong, ref: 'HEAD' })).rejects.toMatchObject(wanted);
    }
    await expect(resolveCommit({ repository: '-C', ref: 'HEAD' })).rejects.toMatchObject({
      code: 'git.not-a-repository',
    });
  });

  it('ignores the variables of a git hook', async () => {
    process.env.GIT_DIR = '/nowhere';
    try {
      expect(await resolveCommit({ repository, ref: 'main' })).toBe(head);
    } finally {
      delete process.env.GIT_DIR;
    }
  });
});

describe('archiveCommit', () => {
  const list = (file: string) => execFileSync('tar', ['-tf', file]).toString().trim().split('\n');

  it('writes the whole commit, or a folder of it as the root', async () => {
    const file = join(folder, 'a.tar');
    await archiveCommit({ repository, path: '.', commit: head, file });
    expect(list(file)).toContain('services/api/server.js');
    await archiveCommit({ repository, path: 'services/api/', commit: head, file });
    expect(list(file)).toEqual(['server.js']);
  });

  it('uses the commit, not the work tree', async () => {
    await writeFile(join(repository, 'services/api/server.js'), 'changed');
    const file = join(folder, 'b.tar');
    await archiveCommit({ repository, path: 'services/api', commit: head, file });
    expect(execFileSync('tar', ['-xOf', file, 'server.js']).toString()).toBe('one');
    git('checkout', '-q', '--', '.');
  });

  it('names a folder that the commit does not have', async () => {
    const request = { repository, path: 'services/web', commit: head, file: join(folder, 'c.tar') };
    await expect(archiveCommit(request)).rejects.toMatchObject({ code: 'git.bad-path', outcome: 'usage' });
  });

  it.each(['../x', '/etc', '-o', 'a:b', '', 'a/../../b'])('refuses the path %j', async (path) => {
    const request = { repository, path, commit: head, file: join(folder, 'd.tar') };
    await expect(archiveCommit(request)).rejects.toMatchObject({ code: 'git.bad-path' });
  });

  it('accepts full commit ids only', async () => {
    const request = { repository, path: '.', commit: '--remote=x', file: join(folder, 'e.tar') };
    await expect(archiveCommit(request)).rejects.toMatchObject({ code: 'git.bad-ref' });
  });

  it('rejects with the reason of the signal', async () => {
    const reason = new Error('interrupted');
    const request = {
      repository,
      path: '.',
      commit: head,
      file: join(folder, 'f.tar'),
      signal: AbortSignal.abort(reason),
    };
    await expect(archiveCommit(request)).rejects.toBe(reason);
  });
});

describe('describeWorkTree', () => {
  it('reports what is changed below the path', async () => {
    expect(await describeWorkTree({ repository, path: '.' })).toEqual({ clean: true, changes: [] });
    await writeFile(join(repository, 'services/api/new file.js'), '');
    await writeFile(join(repository, 'README'), 'changed');
    try {
      const changes = [' M README', '?? services/api/new file.js'];
      expect(await describeWorkTree({ repository, path: '.' })).toEqual({ clean: false, changes });
      expect((await describeWorkTree({ repository, path: 'services/api' })).changes).toEqual(changes.slice(1));
    } finally {
      await rm(join(repository, 'services/api/new file.js'));
      git('checkout', '-q', '--', '.');
    }
  });

  it('reports a bare repository as clean, and archives from it', async () => {
    const bare = join(folder, 'bare.git');
    git('clone', '-q', '--bare', repository, bare);
    expect(await describeWorkTree({ repository: bare, path: '.' })).toEqual({ clean: true, changes: [] });
    expect(await resolveCommit({ repository: bare, ref: 'v1' })).toBe(head);
    await archiveCommit({ repository: bare, path: 'services/api', commit: head, file: join(folder, 'g.tar') });
  });
});
