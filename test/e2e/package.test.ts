import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from './support/world.ts';

// What a team has that installs the package: a folder of its own, the tarball, and nothing of this repository.
let dir: string;
let project: string;
const installed = () => path.join(project, 'node_modules/golden-pipeline');

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'gp-package-'));
  project = path.join(dir, 'shop');
  await mkdir(path.join(project, 'app'), { recursive: true });
  await execa('npm', ['pack', '--silent', '--pack-destination', dir], { cwd: root });
  const tarball = (await readdir(dir)).find((name) => name.endsWith('.tgz'));
  await writeFile(path.join(project, 'package.json'), '{ "private": true, "type": "module" }\n');
  const options = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
  await execa('npm', ['install', ...options, path.join(dir, tarball ?? '')], { cwd: project });
});
afterAll(async () => {
  if (existsSync(installed())) await pipeline('local', 'down');
  await rm(dir, { recursive: true, force: true });
});

/** What `npx pipeline ...` runs in the project. */
const pipeline = (...words: string[]) =>
  execa(path.join(project, 'node_modules/.bin/pipeline'), words, {
    cwd: project,
    env: {
      HOME: dir,
      PIPELINE_LOCAL_DIR: path.join(dir, 'cloud'),
      AWS_ENDPOINT_URL: undefined,
      AWS_PROFILE: undefined,
    },
    stdin: 'ignore',
    reject: false,
    all: true,
  });

/** Runs it; it must end with 0. */
async function done(...words: string[]): Promise<string> {
  const { exitCode, stdout, all } = await pipeline(...words);
  if (exitCode !== 0) throw new Error(`pipeline ${words.join(' ')} ended with ${exitCode}\n${all}`);
  return stdout;
}

/** Puts a package of the repository into the project, as if it had been installed there. */
async function addPackage(name: string): Promise<void> {
  const target = path.join(project, 'node_modules', name);
  await mkdir(path.dirname(target), { recursive: true });
  await symlink(path.join(root, 'node_modules', name), target);
}

describe('the installed package', () => {
  it('has one other package as a dependency, and the files that its documentation links to', async () => {
    const packages = (await readdir(path.join(project, 'node_modules'))).filter((name) => !name.startsWith('.'));
    expect(packages.sort()).toEqual(['golden-pipeline', 'jiti']);

    const pages = [
      'README.md',
      'CHANGELOG.md',
      ...(await readdir(path.join(installed(), 'docs'))).map((name) => `docs/${name}`),
    ];
    const missing: string[] = [];
    for (const page of pages.filter((name) => name.endsWith('.md'))) {
      const text = await readFile(path.join(installed(), page), 'utf8');
      for (const [, target = ''] of text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)) {
        if (!existsSync(path.join(installed(), path.dirname(page), target))) missing.push(`${page}: ${target}`);
      }
    }
    expect(missing).toEqual([]);
  });

  it('releases an app on the local cloud', async () => {
    await writeFile(path.join(project, 'app/server.js'), server);
    await writeFile(
      path.join(project, 'app/package.json'),
      '{ "name": "worker", "version": "1.0.0", "type": "module" }\n',
    );
    await writeFile(
      path.join(project, 'app/package-lock.json'),
      '{ "name": "worker", "version": "1.0.0", "lockfileVersion": 3, "packages": { "": { "name": "worker", "version": "1.0.0" } } }\n',
    );
    const place = ['--env', 'local', '--technology', 'node', '--source', 'app', '--port', '4000'];
    const size = ['--listener-port', '8085', '--min', '1', '--max', '2'];
    await execa('git', ['init', '--quiet', '--initial-branch=main'], { cwd: project });
    await done('init', 'worker', ...place, ...size);
    // As quick as a rehearsal may be.
    const file = path.join(project, 'pipelines/worker.ts');
    const quick =
      'deregistrationDelaySeconds: 1, healthCheck: { intervalSeconds: 1, timeoutSeconds: 1, healthyThreshold: 2 }';
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('listenerPort: 8085', `listenerPort: 8085, ${quick}`));
    await writeFile(path.join(project, '.gitignore'), 'node_modules/\n.pipeline/\n');
    const author = ['-c', 'user.name=Team', '-c', 'user.email=team@example.invalid'];
    await execa('git', ['add', '--all'], { cwd: project });
    await execa('git', [...author, 'commit', '--quiet', '--message', 'First'], { cwd: project });

    const up = JSON.parse(await done('local', 'up', '--json'));
    expect(JSON.parse(await done('release', 'worker', '--json'))).toMatchObject({ version: 'v1' });
    const answer = await fetch(`${up.loadBalancers[0].url}/`);
    expect(await answer.text()).toBe('hello from the package');
  });

  it('has types that pass a strict check of pipelines files, without its bundled packages', async () => {
    await addPackage('@types/node');
    for (const name of ['heracles.ts', 'sg.ts']) {
      await copyFile(path.join(root, 'pipelines', name), path.join(project, 'pipelines', name));
    }
    await writeFile(
      path.join(project, 'pipelines/wrong.ts'),
      `import { definePipeline } from 'golden-pipeline';
// @ts-expect-error a port is a number
export default definePipeline({ app: 'wrong', ansible: { playbook: 'x.yml' }, service: { port: '80' }, environments: {} });
`,
    );
    const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
    const files = ['worker', 'heracles', 'sg', 'wrong'].map((name) => `pipelines/${name}.ts`);
    const checked = await execa(process.execPath, [tsc, '--strict', '--module', 'nodenext', '--noEmit', ...files], {
      cwd: project,
      reject: false,
      all: true,
    });
    expect(checked.all).toBe('');
    expect(checked.exitCode).toBe(0);
  });

  it('creates the infrastructure once the AWS CDK is installed, and before says what to install', async () => {
    await rm(path.join(project, 'pipelines'), { recursive: true });
    await mkdir(path.join(project, 'pipelines'));
    await copyFile(path.join(root, 'pipelines/api.ts'), path.join(project, 'pipelines/api.ts'));
    const refused = await pipeline('infra', 'synth', '--quiet');
    expect(refused.exitCode).toBe(2);
    expect(refused.all).toBe(
      'error: not installed: aws-cdk, aws-cdk-lib, constructs\n' +
        'fix: npm install --save-dev aws-cdk@2 aws-cdk-lib@2 constructs@10',
    );
    for (const name of ['aws-cdk', 'aws-cdk-lib', 'constructs']) await addPackage(name);
    await done('infra', 'synth', '--quiet');
    const made = await readdir(path.join(project, '.pipeline/cdk.out'));
    expect(made).toContain('api-production.template.json');
  });
});

const server = `import { createServer } from 'node:http';
createServer((request, response) => response.end('hello from the package')).listen(process.env.PORT, process.env.HOST);
`;
