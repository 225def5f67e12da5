import { execFileSync } from 'node:child_process';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { archiveCommit } from '../../../src/hosts/git/archive.ts';
import { runGit, type TemporaryRepository, temporaryRepository } from './support/temporary-repository.ts';

let repo: TemporaryRepository;
beforeEach(async () => {
  repo = await temporaryRepository();
});
afterEach(() => repo.remove());

const tar = (file: string, ...argv: string[]) => execFileSync('tar', [...argv, '-f', file]).toString();

/** The archive of a folder at HEAD. */
async function archive(path = 'app', commit = repo.git('rev-parse', 'HEAD')) {
  const file = join(repo.folder, 'archive.tar');
  await archiveCommit({ repository: repo.repository, path, commit, file });
  return {
    file,
    names: tar(file, '-t').split('\n').filter(Boolean).sort(),
    text: (name: string) => execFileSync('tar', ['-xOf', file, name]).toString(),
  };
}

describe('the attributes of an archive', () => {
  it('are those of the whole commit, also for a folder of it', async () => {
    await repo.commit({
      '.gitattributes': '*.secret export-ignore\nversion export-subst\n*.crlf text eol=crlf\n',
      'app/.gitattributes': 'notes export-ignore\n',
      'app/a.secret': 'x',
      'app/notes': 'x',
      'app/version': '$Format:%H$',
      'app/a.crlf': 'one\ntwo\n',
      'app/server.js': 'x',
    });
    const commit = repo.git('rev-parse', 'HEAD');
    const { names, text } = await archive();
    expect(names).toEqual(['.gitattributes', 'a.crlf', 'server.js', 'version']);
    expect(text('version')).toBe(commit);
    expect(text('a.crlf')).toBe('one\r\ntwo\r\n');
    const whole = await archive('.');
    expect(whole.names).toContain('app/server.js');
    expect(whole.names).not.toContain('app/a.secret');
    expect(whole.text('app/version')).toBe(commit);
  });

  it('are independent of this clone: its settings, filters, info/attributes and replaced objects are ignored', async () => {
    await repo.commit({
      '.gitattributes': '*.txt filter=shout\n*.auto text=auto\n',
      'app/a.txt': 'quiet\n',
      'app/b.auto': 'line\n',
      'app/c.js': 'c',
    });
    const before = await archive();
    const bytes = await readFile(before.file);
    repo.git('config', 'filter.shout.smudge', 'tr a-z A-Z');
    repo.git('config', 'core.autocrlf', 'true');
    repo.git('config', 'tar.umask', '0077');
    await mkdir(join(repo.repository, '.git/info'), { recursive: true });
    await writeFile(join(repo.repository, '.git/info/attributes'), '*.js export-ignore\n');
    const commit = repo.git('rev-parse', 'HEAD');
    const other = await repo.commit({ 'app/c.js': 'other' });
    repo.git('replace', commit, other);
    const after = await archive('app', commit);
    expect(after.text('a.txt')).toBe('quiet\n');
    expect(after.text('c.js')).toBe('c');
    expect(await readFile(after.file)).toEqual(bytes);
  });

  it('fill in git describe by the tags', async () => {
    await repo.commit({ '.gitattributes': 'v export-subst\n', 'app/v': '$Format:%(describe:tags)$' });
    repo.git('tag', 'r7');
    expect((await archive()).text('v')).toBe('r7');
  });

  it('that exclude every file of the folder are refused', async () => {
    await repo.commit({ '.gitattributes': 'app export-ignore\n', 'app/a': 'x' });
    await expect(archive()).rejects.toMatchObject({ code: 'git.nothing-exported', outcome: 'usage' });
  });
});

describe('the names in an archive', () => {
  it.each(['a', 'services/api', `${'deep/'.repeat(12)}er`])('arrive unchanged, below %s', async (folder) => {
    const long = `${'l'.repeat(90)}/${'m'.repeat(90)}/${'n'.repeat(120)}`;
    const odd = ['with space', 'naïve', 'tab\there', 'quote\'"', 'back\\slash', '-dash', 'new\nline', long, 'x/y/z'];
    await repo.commit(Object.fromEntries(odd.map((name) => [`${folder}/${name}`, name])));
    // Two names of one letter case are two files, and a name need not be UTF-8.
    const raw = Buffer.concat([Buffer.from(`${repo.repository}/${folder}/latin-`), Buffer.from([0xe9])]);
    await writeFile(raw, 'é');
    await repo.commit({ [`${folder}/Case`]: 'upper', [`${folder}/case`]: 'lower', [`${folder}x/other`]: 'not mine' });
    await symlink('../elsewhere', join(repo.repository, folder, 'link'));
    await repo.commit();
    const { file } = await archive(folder);
    const out = join(repo.folder, 'out');
    await mkdir(out);
    execFileSync('tar', ['-xf', file, '-C', out]);
    for (const name of odd) expect(await readFile(join(out, name), 'utf8')).toBe(name);
    expect(await readFile(Buffer.concat([Buffer.from(`${out}/latin-`), Buffer.from([0xe9])]), 'utf8')).toBe('é');
    // It fails where anything differs.
    runGit(repo.folder, 'diff', '--no-index', '--quiet', out, join(repo.repository, folder));
    // Another reader finds the same, so no header is damaged.
    const listed = execFileSync('python3', [
      '-c',
      'import tarfile,sys; print(len([m for m in tarfile.open(sys.argv[1]) if not m.isdir()]))',
      file,
    ]);
    expect(Number(listed.toString())).toBe(odd.length + 4);
  });

  it('may be thousands, and a file may be large', async () => {
    await mkdir(join(repo.repository, 'app/many'), { recursive: true });
    await Promise.all(
      Array.from({ length: 3000 }, (_, index) => writeFile(join(repo.repository, `app/many/${index}`), `${index}`)),
    );
    await repo.commit({ 'app/big': Buffer.alloc(30_000_001, 7) });
    const { names, file } = await archive();
    expect(names.filter((name) => /^many\/\d+$/.test(name))).toHaveLength(3000);
    expect(tar(file, '-tv')).toMatch(/ 30000001 .* big\n/);
  }, 60_000);
});

it('a repository with SHA-256 ids, and a linked work tree, are archived', async () => {
  const other = join(repo.folder, 'sha256');
  runGit(repo.folder, 'init', '-q', '--object-format=sha256', other);
  await mkdir(join(other, 'app'));
  await writeFile(join(other, 'app/a'), 'x');
  runGit(other, 'add', '.');
  runGit(other, 'commit', '-q', '-m', 'x');
  const linked = join(repo.folder, 'linked');
  runGit(other, 'worktree', 'add', '-q', linked);
  const commit = runGit(other, 'rev-parse', 'HEAD');
  for (const repository of [other, linked]) {
    const file = join(repo.folder, 'b.tar');
    await archiveCommit({ repository, path: 'app', commit, file });
    expect(tar(file, '-t')).toBe('a\n');
  }
});

it('a clone that lacks a part of the commit gets an error with the command that fetches it', async () => {
  await repo.commit({ 'app/a': 'x', '.gitattributes': '# none\n' });
  repo.git('config', 'uploadpack.allowFilter', 'true');
  const partial = join(repo.folder, 'partial');
  runGit(repo.folder, 'clone', '-q', '--filter=blob:none', '--no-checkout', `file://${repo.repository}`, partial);
  const commit = repo.git('rev-parse', 'HEAD');
  const request = { repository: partial, path: 'app', commit, file: join(repo.folder, 'c.tar') };
  await expect(archiveCommit(request)).rejects.toMatchObject({
    code: 'git.objects-missing',
    fix: expect.stringContaining('--refetch --no-filter'),
  });
  runGit(partial, 'fetch', '-q', '--refetch', '--no-filter');
  await archiveCommit(request);
  expect(tar(request.file, '-t')).toBe('a\n');
});
