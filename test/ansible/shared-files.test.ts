import { execFile } from 'node:child_process';
import { lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';

const ansible = new URL('../../ansible/', import.meta.url).pathname;
const exec = promisify(execFile);
let root: string;
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'gp-shared-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const files = (entries: Record<string, string>, folder: string) =>
  Promise.all(
    Object.entries(entries).map(async ([name, text]) => {
      await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
      await writeFile(path.join(folder, name), text);
    }),
  );
const read = (name: string) => readFile(path.join(root, name), 'utf8');

/** Builds the folder of a version with the release role alone, from the files of a commit. Resolves with what Ansible printed. */
async function build(version: string, variables: Record<string, unknown> = {}): Promise<string> {
  const archive = path.join(root, 'commit.tar');
  await exec('tar', ['-cf', archive, '-C', path.join(root, 'commit'), '.']);
  const play = path.join(root, 'play.yml');
  await writeFile(
    play,
    '- hosts: all\n  gather_facts: false\n  tasks: [{ansible.builtin.include_role: {name: release, tasks_from: build.yml}}]\n',
  );
  const given = {
    release_action: 'stage',
    release_app: 'api',
    release_version: version,
    release_commit: 'abcdef0',
    release_archive: archive,
    release_root: path.join(root, 'srv'),
    ...variables,
  };
  const argv = ['-i', 'local,', '-c', 'local', '--extra-vars', JSON.stringify(given), play];
  const env = {
    ...process.env,
    ANSIBLE_CONFIG: path.join(ansible, 'ansible.cfg'),
    ANSIBLE_LOCAL_TEMP: root,
    ANSIBLE_REMOTE_TEMP: root,
  };
  return exec('ansible-playbook', argv, { env }).then(
    ({ stdout }) => stdout,
    ({ stdout }: { stdout: string }) => stdout,
  );
}

const shared = {
  release_shared: [
    { name: 'uploads', state: 'directory' },
    { name: 'conf/site.yml', state: 'file' },
    { name: 'empty', state: 'directory' },
  ],
};

it('files of the commit in a shared place are copied there, and never replace existing files', async () => {
  await files(
    { 'uploads/logo.png': 'one', 'uploads/a/.keep': '', 'conf/site.yml': 'one', 'app.js': 'x' },
    `${root}/commit`,
  );
  await symlink('logo.png', path.join(root, 'commit/uploads/latest.png'));
  expect(await build('v1', shared)).toMatch(/failed=0/);
  expect(await read('srv/shared/uploads/logo.png')).toBe('one');
  expect(await read('srv/releases/v1/uploads/logo.png')).toBe('one');
  expect(await read('srv/releases/v1/conf/site.yml')).toBe('one');
  expect(await readlink(path.join(root, 'srv/shared/uploads/latest.png'))).toBe('logo.png');
  expect((await lstat(path.join(root, 'srv/releases/v1/uploads'))).isSymbolicLink()).toBe(true);
  expect((await readdir(path.join(root, 'srv/shared/uploads'))).sort()).toEqual(['a', 'latest.png', 'logo.png']);

  // Changed on the host, and in the commit, which brings another file.
  await files({ 'srv/shared/uploads/logo.png': 'of the host', 'srv/shared/uploads/user.png': 'u' }, root);
  await files({ 'uploads/logo.png': 'two', 'uploads/new.png': 'two', 'conf/site.yml': 'two' }, `${root}/commit`);
  expect(await build('v2', shared)).toMatch(/failed=0/);
  expect(await read('srv/releases/v2/uploads/logo.png')).toBe('of the host');
  expect(await read('srv/releases/v2/uploads/user.png')).toBe('u');
  expect(await read('srv/releases/v2/uploads/new.png')).toBe('two');
  expect(await read('srv/releases/v2/conf/site.yml')).toBe('one');
  expect(await readdir(path.join(root, 'srv/shared/empty'))).toEqual([]);
}, 120_000);

it.each([
  ['a file where the shared place is a directory', { uploads: 'x' }, 'uploads is a file in the commit'],
  ['a directory where it is a file', { 'conf/site.yml/a': 'x' }, 'conf/site.yml is a directory in the commit'],
])(
  'shared files: %s is refused',
  async (_, commit, message) => {
    await files(commit, `${root}/commit`);
    expect(await build('v1', shared)).toContain(message);
  },
  60_000,
);

it('a link in the commit cannot cause files outside of the release to be removed', async () => {
  await files({ 'outside/site.yml': 'mine', 'commit/a': 'x' }, root);
  await symlink(path.join(root, 'outside'), path.join(root, 'commit/conf'));
  expect(await build('v1', shared)).toContain('conf/site.yml leads out of the release');
  expect(await read('outside/site.yml')).toBe('mine');
}, 60_000);

it('release.json names the commit of the project only where it is known', async () => {
  await files({ a: 'x' }, `${root}/commit`);
  await build('v1', { release_project_commit: 'b'.repeat(40) });
  expect(JSON.parse(await read('srv/releases/v1/release.json'))).toEqual({
    app: 'api',
    version: 'v1',
    commit: 'abcdef0',
    project_commit: 'b'.repeat(40),
  });
  await build('v2');
  expect(JSON.parse(await read('srv/releases/v2/release.json'))).toEqual({
    app: 'api',
    version: 'v2',
    commit: 'abcdef0',
  });
}, 60_000);

it('a service.json in the commit is refused where the role writes its own', async () => {
  await files({ 'service.json': '{"mine": true}' }, `${root}/commit`);
  expect(await build('v1')).toMatch(/failed=0/);
  expect(await read('srv/releases/v1/service.json')).toContain('mine');
  expect(await build('v2', { release_takeover: 'socket' })).toContain('the commit has a service.json');
}, 60_000);

it('names in any encoding and letter case arrive on the host', async () => {
  const odd = ['with space', 'naïve', 'tab\there', 'quote\'"', 'back\\slash', '-dash', 'new\nline', 'Case', 'case'];
  await files(Object.fromEntries(odd.map((name) => [`lib/${name}`, name])), `${root}/commit`);
  await writeFile(Buffer.concat([Buffer.from(`${root}/commit/lib/latin-`), Buffer.from([0xe9])]), 'é');
  const printed = await build('v1');
  expect(printed).toMatch(/failed=0/);
  for (const name of odd) expect(await read(`srv/releases/v1/lib/${name}`)).toBe(name);
  expect(await readdir(path.join(root, 'srv/releases/v1/lib'))).toHaveLength(odd.length + 1);
}, 60_000);
