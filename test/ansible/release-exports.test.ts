import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { loadFleet } from '../../src/config/load.ts';
import { releaseVariables } from '../../src/plays/release-variables.ts';
import { file, minimal, project } from '../config/support/project.ts';

const run = promisify(execFile);
const templates = join(import.meta.dirname, '../../ansible/roles/release/templates');
const commit = '3f2a9c1d'.repeat(5);
const facts = { version: 'v42', commit, current: { templateId: '', templateVersion: '' } };

/** Renders both definitions of a service that gets the name of its release, and starts the one of runit in a folder as `build.yml` leaves it. */
async function started(environment: Record<string, string>) {
  const folder = await mkdtemp(join(tmpdir(), 'gp-exports-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const release = join(folder, 'release');
  await mkdir(release);
  await writeFile(join(release, '.release-environment'), `SENTRY_RELEASE=api@${commit}\n`);
  const vars = {
    ...{
      release_action: 'activate',
      release_host: '0.0.0.0',
      service_folder: release,
      service_port: 8080,
      service_log: '',
    },
    ...{ release_app: 'api', release_service_user: 'api', release_instance_env: '/nowhere', release_stop_timeout: 30 },
    ...{ release_secrets_folder: '/run/api-secrets', release_service_command: ['printenv', 'SENTRY_RELEASE'] },
    ...{ release_environment: environment, release_exports: { SENTRY_RELEASE: `api@${commit}` } },
  };
  const tasks = ['unit.service', 'runit-run'].map((name) => ({
    'ansible.builtin.template': { src: join(templates, `${name}.j2`), dest: join(folder, name) },
  }));
  await writeFile(join(folder, 'play.yml'), JSON.stringify([{ hosts: 'all', gather_facts: false, vars, tasks }]));
  await run('ansible-playbook', ['-i', 'localhost,', '-c', 'local', join(folder, 'play.yml')], { cwd: folder });
  const { stdout } = await run('sh', [join(folder, 'runit-run')]);
  return { unit: await readFile(join(folder, 'unit.service'), 'utf8'), stdout, release };
}

it('a service gets the name of its release from the folder that it is started in', async () => {
  const { unit, stdout, release } = await started({});
  expect(stdout).toBe(`api@${commit}\n`);
  expect(unit).toContain(`EnvironmentFile=-${release}/.release-environment\n`);
}, 60_000);

it("a variable of the app's own role takes precedence over what names the release", async () => {
  const { unit, stdout } = await started({ SENTRY_RELEASE: 'mine' });
  expect(stdout).toBe('mine\n');
  expect(unit).not.toContain('.release-environment');
}, 60_000);

it('the name of the release in Sentry is given to the plays where Sentry is a target, and only there', async () => {
  const sentry = { to: 'sentry', token: 'env:SENTRY_TOKEN', organization: 'shop', projects: ['api'] };
  const dir = await project({
    'api.ts': file(minimal({ notify: { targets: [sentry] } })),
    'web.ts': file(minimal({ app: 'web' })),
  });
  const variables = async (app: string) =>
    releaseVariables(await loadFleet({ projectDir: dir, app }), facts as never, 'stage').release_exports;
  expect(await variables('api')).toEqual({ SENTRY_RELEASE: `api@${commit}` });
  expect(await variables('web')).toBeUndefined();
});

/** Builds a release's folder on this computer with the role's own tasks. */
async function build(takeover: string, commitFiles: Record<string, string> = { 'server.js': '' }) {
  const root = await mkdtemp(join(tmpdir(), 'gp-exports-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const source = join(root, 'commit');
  await mkdir(source);
  for (const [name, text] of Object.entries(commitFiles)) await writeFile(join(source, name), text);
  await run('tar', ['-cf', join(root, 'commit.tar'), '-C', source, '.']);
  const vars = {
    ...{
      release_action: 'stage',
      release_app: 'api',
      release_version: 'v42',
      release_commit: commit,
      release_root: root,
    },
    ...{ release_archive: join(root, 'commit.tar'), release_takeover: takeover, release_service_command: ['node'] },
    ...{ release_service_environment: { LEVEL: 'info' }, release_exports: { SENTRY_RELEASE: `api@${commit}` } },
  };
  const tasks = [{ 'ansible.builtin.include_role': { name: 'release', tasks_from: 'build.yml' } }];
  const play = [{ hosts: 'all', gather_facts: false, vars: { ...vars, ansible_service_mgr: 'runit' }, tasks }];
  await writeFile(join(root, 'play.yml'), JSON.stringify(play));
  await writeFile(join(root, 'ansible.cfg'), `[defaults]\nroles_path = ${join(templates, '../..')}\n`);
  await run('ansible-playbook', ['-i', 'localhost,', '-c', 'local', join(root, 'play.yml')], { cwd: root });
  return join(root, 'releases/v42');
}

it('the folder of a release names it, and so does the environment of a service whose socket is held', async () => {
  const folder = await build('socket');
  expect(await readFile(join(folder, '.release-environment'), 'utf8')).toBe(`SENTRY_RELEASE=api@${commit}\n`);
  expect(JSON.parse(await readFile(join(folder, 'service.json'), 'utf8'))).toEqual({
    command: ['node'],
    environment: { LEVEL: 'info', SENTRY_RELEASE: `api@${commit}` },
  });
}, 60_000);

it('a commit that has a file of that name is refused', async () => {
  await expect(build('restart', { '.release-environment': 'SENTRY_RELEASE=mine' })).rejects.toMatchObject({
    stdout: expect.stringContaining('the commit has a .release-environment, a name that this role writes itself'),
  });
}, 60_000);
