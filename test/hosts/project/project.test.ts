import { chmod, mkdir, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkoutProject } from '../../../src/hosts/project/checkout.ts';
import type { ProjectPlace } from '../../../src/hosts/project/place.ts';
import { type ProjectRules, planProject } from '../../../src/hosts/project/plan.ts';
import { takeSnapshot } from '../../../src/hosts/project/snapshot.ts';
import { runGit, type TemporaryRepository, temporaryRepository } from '../git/support/temporary-repository.ts';

let repo: TemporaryRepository;
let place: ProjectPlace;
beforeEach(async () => {
  repo = await temporaryRepository();
  await repo.commit({
    'app/server.js': 'x',
    'ansible/api.yml': 'one',
    'ansible/ansible.cfg': '',
    'pipelines/api.ts': 'one',
    'packer/base.pkr.hcl': 'one',
    '.gitignore': 'galaxy/\n.pipeline/\n',
  });
  place = { projectDir: repo.repository, playbook: join(repo.repository, 'ansible/api.yml'), files: [] };
});
afterEach(() => repo.remove());

const head = () => repo.git('rev-parse', 'HEAD');
const plan = (rules: ProjectRules = {}, named?: string) =>
  planProject(place, rules, {
    repository: repo.repository,
    commit: named ?? head(),
    named: named !== undefined,
  });
/** Checks out; resolves with the texts of files. */
async function checkout(commit: string) {
  const files = await checkoutProject(place, { commit, parent: join(repo.folder, 'work') });
  return { ...files, text: (name: string) => readFile(join(files.projectDir, name), 'utf8') };
}

describe('the commit that plays run from', () => {
  it('is HEAD or the given ref, and HEAD when the app has a repository of its own', async () => {
    const first = head();
    const second = await repo.commit({ 'ansible/api.yml': 'two' });
    expect(await plan()).toEqual({ commit: second });
    expect(await plan({}, first)).toEqual({ commit: first });
    const app = await temporaryRepository();
    try {
      const commit = await app.commit({ a: 'x' });
      const released = { repository: app.repository, commit, named: true };
      expect(await planProject(place, {}, released)).toEqual({ commit: second });
    } finally {
      await app.remove();
    }
  });

  it.each(['ansible/api.yml', 'ansible/new.yml', 'pipelines/api.ts', 'packer/base.pkr.hcl', 'ansible.cfg'])(
    'is refused while %s is not committed, and the message names it',
    async (file) => {
      await repo.write({ [file]: 'changed' });
      await expect(plan()).rejects.toMatchObject({
        code: 'git.dirty',
        outcome: 'usage',
        fix: expect.stringContaining('--allow-dirty'),
        details: [expect.stringContaining(file)],
      });
      const aws = plan({ committed: true });
      await expect(aws).rejects.toMatchObject({ code: 'git.dirty', fix: 'commit them' });
      expect(await plan({ allowDirty: true })).toEqual({ snapshot: true });
    },
  );

  it('ignores the rest of the repository, and changed plays when their commit is given', async () => {
    await repo.write({ 'app/later.js': 'x', README: 'x' });
    expect(await plan()).toEqual({ commit: head() });
    await repo.write({ 'ansible/api.yml': 'changed' });
    expect(await plan({}, head())).toEqual({ commit: head() });
    // The configuration is always today's.
    await repo.write({ 'pipelines/api.ts': 'changed' });
    await expect(plan({}, head())).rejects.toMatchObject({ code: 'git.dirty' });
  });

  it('is a snapshot for a project without a repository, and refused where commits are required', async () => {
    await rm(join(repo.repository, '.git'), { recursive: true });
    const released = { repository: repo.repository, commit: 'a'.repeat(40), named: false };
    expect(await planProject(place, {}, released)).toEqual({ snapshot: true });
    await expect(planProject(place, { committed: true }, released)).rejects.toMatchObject({
      code: 'project.not-a-repository',
      fix: expect.stringContaining(`git -C ${repo.repository} init`),
    });
  });

  it('must contain the playbook, and on AWS the playbook must be in the repository of the project', async () => {
    const before = head();
    await repo.commit({ 'ansible/other.yml': 'x' });
    place = { ...place, playbook: join(repo.repository, 'ansible/other.yml') };
    await expect(plan({}, before)).rejects.toMatchObject({
      code: 'project.no-playbook',
      message: expect.stringContaining('ansible/other.yml'),
    });
    place = { ...place, playbook: join(repo.folder, 'elsewhere.yml') };
    await expect(plan({ committed: true })).rejects.toMatchObject({ code: 'project.playbook-outside' });
    expect(await plan()).toEqual({ commit: head() });
  });

  it('must not have links out of the repository, unless ansible.files names them', async () => {
    for (const target of [repo.folder, '../../..']) {
      await symlink(target, join(repo.repository, 'ansible/roles'));
      await repo.commit();
      await expect(plan()).rejects.toMatchObject({
        code: 'project.link-outside',
        outcome: 'usage',
        message: expect.stringContaining(`ansible/roles in commit`),
        fix: expect.stringContaining('ansible.files'),
      });
      place.files = ['ansible/roles'];
      expect(await plan()).toEqual({ commit: head() });
      place.files = [];
      await rm(join(repo.repository, 'ansible/roles'));
    }
    await symlink('../app', join(repo.repository, 'ansible/roles'));
    await repo.commit();
    expect(await plan()).toEqual({ commit: head() });
    // Of a playbook beside the app, only the playbook itself.
    await symlink('/srv/shop/uploads', join(repo.repository, 'uploads'));
    await symlink('/etc/hostname', join(repo.repository, 'linked.yml'));
    await repo.commit({ 'site.yml': 'one' });
    place.playbook = join(repo.repository, 'site.yml');
    expect(await plan()).toEqual({ commit: head() });
    place.playbook = join(repo.repository, 'linked.yml');
    await expect(plan()).rejects.toMatchObject({ code: 'project.link-outside' });
  });

  it('names entries of ansible.files that cannot be copied', async () => {
    place.files = ['.'];
    await expect(
      checkoutProject(place, { commit: head(), parent: join(repo.repository, 'work') }),
    ).rejects.toMatchObject({
      code: 'ansible.no-file',
      outcome: 'usage',
      message: expect.stringContaining('ansible.files names ".", which cannot be copied: '),
    });
    expect(await readdir(join(repo.repository, 'work'))).toEqual([]);
  });

  it('requires roles in submodules and the entries of ansible.files to exist', async () => {
    const role = await temporaryRepository();
    try {
      await role.commit({ 'tasks/main.yml': '[]' });
      repo.git('submodule', '--quiet', 'add', role.repository, 'ansible/roles/nginx');
      await repo.commit();
      await expect(plan()).rejects.toMatchObject({
        code: 'project.not-in-commit',
        fix: expect.stringContaining('ansible.files'),
      });
      place = { ...place, files: ['ansible/roles/nginx'] };
      const { commit = '' } = await plan();
      expect(await (await checkout(commit)).text('ansible/roles/nginx/tasks/main.yml')).toBe('[]');
      place = { ...place, files: ['ansible/galaxy'] };
      await expect(plan()).rejects.toMatchObject({
        code: 'ansible.no-file',
        message: expect.stringContaining('galaxy'),
      });
    } finally {
      await role.remove();
    }
  });

  it('ignores an untracked file that ansible.files names', async () => {
    await repo.write({ 'ansible/.vault-password': 'secret' });
    place = { ...place, files: ['ansible/.vault-password'] };
    expect(await plan()).toEqual({ commit: head() });
  });
});

describe('a checkout', () => {
  it('has the whole commit, and the named files of the work tree with their modes', async () => {
    const commit = await repo.commit({ '.gitattributes': 'ansible export-ignore\n', 'ansible/run.sh': 'x' });
    await repo.write({
      'ansible/galaxy/a/b.yml': 'role',
      'ansible/vault': '#!/bin/sh\n',
      'ansible/api.yml': 'changed',
    });
    await chmod(join(repo.repository, 'ansible/vault'), 0o700);
    place = { ...place, files: ['ansible/galaxy', 'ansible/vault'] };
    const { playbook, projectDir, text } = await checkout(commit);
    expect(playbook).toBe(join(projectDir, 'ansible/api.yml'));
    expect(await text('ansible/api.yml')).toBe('one');
    expect(await text('app/server.js')).toBe('x');
    expect(await text('ansible/galaxy/a/b.yml')).toBe('role');
    expect((await stat(join(projectDir, 'ansible/vault'))).mode & 0o777).toBe(0o700);
    // Once for a process; index and work tree of the project are as they were.
    expect((await checkout(commit)).projectDir).toBe(projectDir);
    expect(await readdir(join(repo.folder, 'work'))).toEqual([`project-${commit.slice(0, 12)}`]);
    expect(repo.git('status', '--porcelain', 'ansible/api.yml')).toBe('M ansible/api.yml');
  });

  it('has a project below the root of its repository, behind a link, and with a sparse checkout', async () => {
    await mkdir(join(repo.repository, 'deploy'));
    for (const part of ['ansible', 'pipelines']) {
      await rename(join(repo.repository, part), join(repo.repository, 'deploy', part));
    }
    const commit = await repo.commit({ 'shared/role.yml': 'x' });
    repo.git('sparse-checkout', 'set', 'deploy');
    const projectDir = join(repo.folder, 'link');
    await symlink(join(repo.repository, 'deploy'), projectDir);
    place = { projectDir, playbook: join(projectDir, 'ansible/api.yml'), files: [] };
    expect(await plan({ committed: true })).toEqual({ commit });
    const made = await checkout(commit);
    expect(await made.text('ansible/api.yml')).toBe('one');
    expect(await made.text('../shared/role.yml')).toBe('x');
    expect(made.playbook).toBe(join(made.projectDir, 'ansible/api.yml'));
  });

  it('runs the filters of the clone, readable by its owner only', async () => {
    const commit = await repo.commit({ '.gitattributes': 'ansible/*.key filter=crypt\n', 'ansible/a.key': 'secret' });
    repo.git('config', 'filter.crypt.smudge', 'tr a-z A-Z');
    expect(await (await checkout(commit)).text('ansible/a.key')).toBe('SECRET');
  });

  it('of a commit that the clone lacks fails with the command that fetches it', async () => {
    const commit = 'b'.repeat(40);
    await expect(checkout(commit)).rejects.toMatchObject({
      code: 'project.commit-missing',
      outcome: 'usage',
      fix: expect.stringContaining(`fetch origin ${commit}`),
    });
  });
});

describe('a snapshot', () => {
  it('is a commit of the watched files as they are now, and changes no index, branch or work tree', async () => {
    await repo.write({
      'ansible/api.yml': 'changed',
      'ansible/new.yml': 'new',
      'app/server.js': 'changed',
      'a b': 'x',
    });
    await rm(join(repo.repository, 'packer/base.pkr.hcl'));
    await repo.write({ 'ansible/galaxy/x': 'ignored', 'pipelines/staged.ts': 'x' });
    repo.git('add', 'pipelines/staged.ts');
    const before = [repo.git('status', '--porcelain'), repo.git('rev-parse', 'HEAD'), repo.git('branch', '--all')];
    const commit = await takeSnapshot(place);
    expect([repo.git('status', '--porcelain'), repo.git('rev-parse', 'HEAD'), repo.git('branch', '--all')]).toEqual(
      before,
    );
    expect(repo.git('rev-parse', `${commit}^`)).toBe(head());
    expect(repo.git('diff', '--name-status', 'HEAD', commit).split('\n')).toEqual([
      'M\tansible/api.yml',
      'A\tansible/new.yml',
      'D\tpacker/base.pkr.hcl',
      'A\tpipelines/staged.ts',
    ]);
    repo.git('gc', '--quiet', '--prune=now');
    expect(await (await checkout(commit)).text('ansible/api.yml')).toBe('changed');
  });

  it('of a project without a repository is kept beside its ledger, and found again', async () => {
    await rm(join(repo.repository, '.git'), { recursive: true });
    const commit = await takeSnapshot(place);
    await repo.write({ 'ansible/api.yml': 'changed', '.pipeline/ledger/x': 'x' });
    const later = await takeSnapshot(place);
    expect(await (await checkout(commit)).text('ansible/api.yml')).toBe('one');
    expect(await (await checkout(later)).text('ansible/api.yml')).toBe('changed');
    // Also once the project has become a repository.
    runGit(repo.repository, 'init', '-q');
    await rm(join(repo.folder, 'work'), { recursive: true });
    expect(await (await checkout(commit)).text('pipelines/api.ts')).toBe('one');
  });

  it('can be taken before the first commit of a repository', async () => {
    await rm(join(repo.repository, '.git'), { recursive: true });
    repo.git('init', '-q');
    expect(await planProject(place, { allowDirty: true })).toEqual({ snapshot: true });
    expect(await (await checkout(await takeSnapshot(place))).text('ansible/api.yml')).toBe('one');
  });

  it('in a sparse checkout keeps what is not checked out', async () => {
    await repo.commit({ 'ansible/deep/role.yml': 'x' });
    repo.git('sparse-checkout', 'set', '--no-cone', 'pipelines/', 'ansible/api.yml');
    await writeFile(join(repo.repository, 'ansible/api.yml'), 'changed');
    const made = await checkout(await takeSnapshot(place));
    expect(await made.text('ansible/deep/role.yml')).toBe('x');
    expect(await made.text('ansible/api.yml')).toBe('changed');
  });
});
