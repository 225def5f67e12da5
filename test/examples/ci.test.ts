import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ciFile, type GithubWorkflow, type GitlabFile, readYaml, standIns } from './support/ci.ts';

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

/** Runs release.sh with a stand-in for the pipeline. */
async function script(pipeline: string, ...args: string[]) {
  await standIns(path.join(dir, 'node_modules/.bin'), { pipeline });
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

it('a signal to the script reaches the pipeline, once, and its undo is waited for', async () => {
  await standIns(path.join(dir, 'node_modules/.bin'), {
    pipeline: "trap 'echo rolled back; exit 143' TERM\necho started\nwhile :; do sleep 0.05; done",
  });
  const running = execa(ciFile('release.sh'), ['api', 'production'], { cwd: dir, reject: false });
  await once(running.stdout, 'data');
  running.kill('SIGTERM');
  expect(await running).toMatchObject({ exitCode: 143, stdout: 'started\nrolled back' });
});
