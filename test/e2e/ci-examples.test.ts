import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type GithubWorkflow, type GitlabFile, readYaml, runShell, standIns } from '../examples/support/ci.ts';
import { goldenWorld } from './support/golden.ts';
import { root, type World } from './support/world.ts';

let world: World;
beforeAll(async () => {
  world = await goldenWorld();
});
afterAll(() => world?.close());

/** The environment of a runner: no network, and the project has the pipeline that was built. @param more Arguments in addition. */
async function runner(name: string, more = '') {
  const home = path.join(world.dir, name);
  await mkdir(home, { recursive: true });
  const pipeline = `exec "${process.execPath}" "${path.join(root, 'bin/pipeline.mjs')}" "$@" ${more}`;
  await standIns(path.join(world.project.dir, 'node_modules/.bin'), { pipeline });
  const PATH = await standIns(path.join(home, 'bin'), {
    npm: 'exit 0',
    sudo: 'exit 0',
    'apt-get': 'exit 0',
  });
  return { ...world.env, HOME: home, PATH, CI: 'true', APP: 'api', ENVIRONMENT: 'local' };
}

it('the steps for GitHub release a commit and write the summary of the job', async () => {
  const { jobs } = await readYaml<GithubWorkflow>('github-actions.yml');
  const REF = await world.project.change('On sale from *ten*');
  const summary = path.join(world.dir, 'summary.md');
  const env = { ...(await runner('github')), REF, SSH_KEY: 'key', GITHUB_STEP_SUMMARY: summary };
  let printed = '';
  for (const { name, run } of jobs.release.steps) {
    if (run === undefined) continue;
    const { exitCode, stdout, stderr } = await runShell(run, { cwd: world.project.dir, env });
    expect({ name, exitCode, stderr: exitCode === 0 ? '' : stderr }).toEqual({ name, exitCode: 0, stderr: '' });
    printed += `${stdout}\n${stderr}\n`;
  }
  expect(printed).toMatch(
    /started {3}release api v2 in local: [0-9a-f]{12} "On sale from \*ten\*" \(before: v1\), run /,
  );
  const markdown = await readFile(summary, 'utf8');
  expect(markdown).toContain('## ✅ release api v2 &#40;before: v1&#41; in local: done in');
  expect(markdown).toContain('**1 commit since v1**');
  expect(markdown).toContain('On sale from &#42;ten&#42;');
  expect(await readFile(path.join(world.project.dir, 'release-events.ndjson'), 'utf8')).toContain(
    '"code":"run.finished"',
  );
});

it('the script for GitLab plans the release of its commit with the token in a file', async () => {
  const { release } = await readYaml<GitlabFile>('gitlab-ci.yml');
  await world.project.change('Sold out');
  const given = {
    ...(await runner('gitlab', '--dry-run')),
    ...{ CI_COMMIT_SHA: await world.project.head(), AWS_ID_TOKEN: 'token', PIPELINE_SSH_KEY: '/dev/null' },
  };
  const script = [...release.before_script, 'cat "$AWS_WEB_IDENTITY_TOKEN_FILE"; echo', ...release.script].join('\n');
  const ended = await runShell(script, { cwd: world.project.dir, env: given });
  expect(ended).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('release api in local would do') });
  expect(ended.stdout).toMatch(/^token$/m);
});
