import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';

const ansible = new URL('../../ansible/', import.meta.url).pathname;
const exec = promisify(execFile);
let root: string;

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'gp-release-run-'));
  await mkdir(path.join(root, 'releases/v2'), { recursive: true });
  const play = '- hosts: all\n  gather_facts: false\n  vars: {ansible_service_mgr: runit}\n  roles: [release]\n';
  await writeFile(path.join(root, 'play.yml'), play);
});
afterEach(() => rm(root, { recursive: true, force: true }));

const folder = () => path.join(root, 'releases/v2');
const builtBy = (run: string) => writeFile(path.join(folder(), '.release-run'), `${run}\n`);

/** Plays the release role on this machine, with all that it touches in the test's folder. Resolves with what it printed. */
async function play(action: 'stage' | 'unstage', run?: string): Promise<string> {
  const variables = {
    release_action: action,
    release_app: 'api',
    release_version: 'v2',
    release_commit: 'abcdef0',
    release_port: 8080,
    release_staging_port: 8081,
    release_health_path: '/health',
    release_root: root,
    release_staging_folder: path.join(root, 'staging'),
    ...(run === undefined ? {} : { release_run: run }),
  };
  const argv = ['-i', 'local,', '-c', 'local', '--extra-vars', JSON.stringify(variables), path.join(root, 'play.yml')];
  const env = {
    ...process.env,
    ANSIBLE_CONFIG: path.join(ansible, 'ansible.cfg'),
    ANSIBLE_ROLES_PATH: path.join(ansible, 'roles'),
    ANSIBLE_LOCAL_TEMP: root,
    ANSIBLE_REMOTE_TEMP: root,
  };
  return exec('ansible-playbook', argv, { env }).then(
    ({ stdout }) => stdout,
    ({ stdout }: { stdout: string }) => stdout,
  );
}

it('unstage removes what its own run built', async () => {
  await builtBy('run-1');
  await play('unstage', 'run-1');
  expect(existsSync(folder())).toBe(false);
  expect(existsSync(path.join(root, 'releases'))).toBe(true);
}, 60_000);

it.each([
  ['of another run', () => builtBy('run-2')],
  ['of which nobody knows the run', async () => undefined],
])(
  'unstage leaves a folder %s',
  async (_, prepare) => {
    await prepare();
    const printed = await play('unstage', 'run-1');
    expect(printed).toMatch(/failed=0/);
    expect(existsSync(folder())).toBe(true);
  },
  60_000,
);

it('unstage by hand removes any folder but the one that serves', async () => {
  await builtBy('run-2');
  await symlink('releases/v2', path.join(root, 'current'));
  await play('unstage');
  expect(existsSync(folder())).toBe(true);
  await rm(path.join(root, 'current'));
  await play('unstage');
  expect(existsSync(folder())).toBe(false);
}, 60_000);

it('stage refuses a folder of another run, and leaves it', async () => {
  await builtBy('run-2');
  expect(await play('stage', 'run-1')).toContain('belongs to run run-2');
  expect(existsSync(path.join(folder(), '.release-run'))).toBe(true);
}, 60_000);
