import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ciFile, type GithubWorkflow, type GitlabFile, readYaml, runShell, standIns } from './support/ci.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'ci-'));
});
afterAll(() => rm(dir, { recursive: true }));

it('the workflow for GitHub needs an approval, no stored key for AWS, and never cancels a release', async () => {
  const { permissions, concurrency, jobs } = await readYaml<GithubWorkflow>('github-actions.yml');
  expect(permissions).toEqual({ contents: 'read', 'id-token': 'write' });
  expect(concurrency).toEqual({ group: 'release-production', 'cancel-in-progress': false });
  expect(jobs.release.environment).toBe('production');
  const role = jobs.release.steps.find((step) => step.uses?.startsWith('aws-actions/configure-aws-credentials'));
  expect(role?.with).toMatchObject({ 'role-to-assume': expect.stringMatching(/:role\/api-production-deploy$/) });
  expect(JSON.stringify(jobs)).not.toMatch(/aws-access-key-id|secret-access-key/i);
});

it('the workflow for GitHub releases the commit that it runs for, and takes no other', async () => {
  const { jobs, on } = await readYaml<GithubWorkflow>('github-actions.yml');
  expect(on).toEqual({ push: { branches: ['main'] }, workflow_dispatch: null });
  expect(jobs.release.env.REF).toMatch(/^\$\{\{ github\.sha \}\}$/);
  expect(await readFile(ciFile('github-actions.yml'), 'utf8')).not.toContain('inputs.');
});

it('no text from outside is put into the shell of a GitHub step', async () => {
  const { jobs } = await readYaml<GithubWorkflow>('github-actions.yml');
  const scripts = jobs.release.steps.flatMap(({ run }) => run ?? []);
  expect(scripts.length).toBeGreaterThan(2);
  expect(scripts.filter((script) => script.includes('${{'))).toEqual([]);
});

it('the job for GitLab gets its token for the audience that the role trusts, and is never interrupted', async () => {
  const { release } = await readYaml<GitlabFile>('gitlab-ci.yml');
  expect(release).toMatchObject({
    id_tokens: { AWS_ID_TOKEN: { aud: 'https://gitlab.com' } },
    environment: { name: 'production' },
    resource_group: 'production',
    interruptible: false,
  });
});

/** Where `npm ci` puts the pipeline. */
const installed = () => path.join(dir, 'node_modules/.bin');

/** A runner whose programs only say how they were called, and whose home is empty. */
async function runner(name: string, more: Record<string, string>) {
  const home = path.join(dir, name);
  const calls = { npm: 'exit 0', sudo: 'exit 0', 'apt-get': 'exit 0' };
  await standIns(installed(), { pipeline: 'echo "pipeline $*"' });
  return {
    HOME: home,
    PATH: await standIns(path.join(home, 'bin'), calls),
    APP: 'api',
    ENVIRONMENT: 'production',
    ...more,
  };
}
const hostile = '$(touch /tmp/never); "main';

it('the shell of the GitHub steps hands the ref on as it is, and keeps the SSH key to its owner', async () => {
  const { jobs } = await readYaml<GithubWorkflow>('github-actions.yml');
  const env = await runner('github', { REF: hostile, SSH_KEY: 'key' });
  const ended = [];
  for (const { run } of jobs.release.steps) if (run !== undefined) ended.push(await runShell(run, { cwd: dir, env }));
  expect(ended.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0]);
  expect(ended.at(-1)?.stdout).toBe(
    `pipeline release api --env production --ref ${hostile} --yes --wait-for-lock 30m --github-summary --events release-events.ndjson`,
  );
  const key = path.join(env.HOME, '.ssh/id_ed25519');
  expect(await readFile(key, 'utf8')).toBe('key\n');
  expect((await stat(key)).mode & 0o777).toBe(0o600);
});

it('the shell of the GitLab job releases its commit, with the token in a file that only it can read', async () => {
  const { release } = await readYaml<GitlabFile>('gitlab-ci.yml');
  const env = await runner('gitlab', { CI_COMMIT_SHA: 'abc', AWS_ID_TOKEN: 'token', PIPELINE_SSH_KEY: '/dev/null' });
  const token = 'stat -c %a "$AWS_WEB_IDENTITY_TOKEN_FILE"; cat "$AWS_WEB_IDENTITY_TOKEN_FILE"';
  await standIns(installed(), { pipeline: `echo "pipeline $*"; ${token}` });
  const ended = await runShell([...release.before_script, ...release.script].join('\n'), { cwd: dir, env });
  expect(ended).toMatchObject({ exitCode: 0, stderr: '' });
  expect(ended.stdout).toBe(
    'pipeline release api --env production --ref abc --yes --wait-for-lock 30m --events release-events.ndjson\n600\ntoken',
  );
});

/** Runs release.sh with a stand-in for the pipeline. */
async function script(pipeline: string, ...args: string[]) {
  await standIns(installed(), { pipeline });
  return execa(ciFile('release.sh'), args, { cwd: dir, reject: false });
}

it.each([0, 1, 2, 3, 4, 5, 6])('the script ends with the exit code of the release: %i', async (code) => {
  const ended = await script(`echo "$@"; exit ${code}`, 'api', 'production', 'v1.2');
  expect(ended.exitCode).toBe(code);
  expect(ended.stdout).toContain('release api --env production --ref v1.2 --yes --wait-for-lock 30m');
});

it('the script without an environment is refused and starts nothing', async () => {
  const ended = await script('echo started', 'api');
  expect(ended).toMatchObject({ exitCode: 2, stdout: '', stderr: 'usage: release.sh <app> <environment> [ref]' });
});

/** A pipeline that rolls back for its first signal, which takes a while, and stops that for a second one. */
const undoing = `n=0; i=0
trap 'n=$((n + 1)); echo "signal $n"' TERM
echo started
while [ $n -eq 0 ] && [ $i -lt 100 ]; do i=$((i + 1)); sleep 0.05; done
sleep 0.5
[ $n -eq 1 ] || { echo "not rolled back"; exit 143; }
echo "rolled back"
exit 143`;

const expected = { exitCode: 143, stdout: 'started\nsignal 1\nrolled back' };

it('a signal to the script reaches the pipeline, once, and its undo is waited for', async () => {
  await standIns(installed(), { pipeline: undoing });
  const running = execa(ciFile('release.sh'), ['api', 'production'], { cwd: dir, reject: false });
  await once(running.stdout, 'data');
  running.kill('SIGTERM');
  expect(await running).toMatchObject(expected);
});

it.each(['GitHub', 'GitLab'])('a signal to the shell of the %s job reaches the pipeline, once', async (server) => {
  const { jobs } = await readYaml<GithubWorkflow>('github-actions.yml');
  const { release } = await readYaml<GitlabFile>('gitlab-ci.yml');
  const script =
    server === 'GitHub' ? jobs.release.steps.find(({ name }) => name === 'Release')?.run : release.script.join('\n');
  const env = await runner(server, { REF: 'main', CI_COMMIT_SHA: 'abc' });
  await standIns(installed(), { pipeline: undoing });
  const running = runShell(script ?? '', { cwd: dir, env });
  await once(running.stdout, 'data');
  running.kill('SIGTERM');
  expect(await running).toMatchObject(expected);
});
