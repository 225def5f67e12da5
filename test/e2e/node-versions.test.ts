import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { stopCloud } from 'golden-pipeline-local-cloud/client';
import { afterEach, beforeAll, beforeEach, describe, expect, it, type TestContext } from 'vitest';
import { DemoProject } from '../../examples/demo/project.ts';

// The rest of the tests run on the Node that runs them; these are the other versions that the product is used with.
const root = path.resolve(import.meta.dirname, '../..');
/** Binaries by major version, and why one is missing. */
const versions = new Map<number, { binary: string; problem: string }>();
beforeAll(async () => {
  const install = async (major: number) => {
    const args = [path.join(root, 'scripts/node-versions.mjs'), `${major}`];
    const { stdout, stderr } = await execa(process.execPath, args, { reject: false });
    if (stderr !== '') process.stderr.write(`${stderr}\n`);
    versions.set(major, { binary: stdout, problem: stderr });
  };
  await Promise.all([22, 24, 26].map(install));
});

/** The binary of a version; without one the test is skipped, with the reason. */
function binaryOf(major: number, { skip }: Pick<TestContext, 'skip'>): string {
  const { binary = '', problem } = versions.get(major) ?? {};
  skip(binary === '', problem);
  return binary;
}

/** Core files: the command line, configuration, planning and undo, the ledger, the local cloud's wire. */
const coreTests = [
  'test/cli/main.test.ts',
  'test/config/load.test.ts',
  'test/engine/execute.test.ts',
  'test/ledger/ledger.test.ts',
  'packages/local-cloud/test/wire/server.test.ts',
  'test/shared',
];

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'gp-node-'));
});
afterEach(async () => {
  await stopCloud(path.join(folder, 'project/.pipeline/local'));
  await stopCloud(path.join(folder, '.pipeline/demo/.pipeline/local'));
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

/** What vitest sets in its workers, and what it runs may not see. */
const ofVitest = /^(VITEST.*|NODE_ENV|TEST|DEV|PROD|MODE|SSR|BASE_URL|FORCE_TTY)$/;

/** @param cancelSignal Ends the program when the test has timed out. */
function run(binary: string, args: string[], cwd: string, cancelSignal?: AbortSignal) {
  const inherited = Object.entries(process.env).filter(([name]) => !ofVitest.test(name));
  const env = {
    ...Object.fromEntries(inherited),
    PATH: `${path.dirname(binary)}${path.delimiter}${process.env.PATH}`,
    // A CI service counts as a terminal with colors.
    NO_COLOR: '1',
    FORCE_COLOR: undefined,
  };
  return execa(binary, args, { cwd, env, extendEnv: false, stdin: 'ignore', all: true, cancelSignal });
}

describe.each([22, 24])('Node %i', (major) => {
  it('runs the built command line', async (context) => {
    const binary = binaryOf(major, context);
    const pipeline = async (cwd: string, ...args: string[]) =>
      (await run(binary, [path.join(root, 'bin/pipeline.mjs'), ...args], cwd)).all;
    expect((await run(binary, ['--version'], folder)).stdout).toMatch(new RegExp(`^v${major}\\.`));
    expect(await pipeline(folder, '--help')).toContain('Usage: pipeline');

    const empty = path.join(folder, 'empty');
    await mkdir(empty);
    const answers = ['--source', '.', '--technology', 'node', '--port', '3000', '--health-path', '/health'];
    const fleet = ['--region', 'eu-west-1', '--listener-port', '80', '--min', '2', '--max', '4', '--ssh-user', 'admin'];
    expect(await pipeline(empty, 'init', 'worker', ...answers, ...fleet)).toContain('written  pipelines/worker.ts');
    expect(await pipeline(empty, 'config', 'check')).toContain('ok  worker: production');

    const { dir } = await DemoProject.create(root, path.join(folder, 'project'));
    expect(await pipeline(dir, 'local', 'up', '--driver', 'simulated')).toContain('fleet api-local');
    expect(await pipeline(dir, 'status', 'api')).toContain('api in local');
    expect(await pipeline(dir, 'release', 'api', '--dry-run')).toContain('nothing was changed (--dry-run)');
    await pipeline(dir, 'local', 'down');
  });

  it('passes the core unit tests', async (context) => {
    const vitest = path.join(root, 'node_modules/vitest/vitest.mjs');
    const args = [vitest, 'run', '--project', 'unit', '--no-color', ...coreTests];
    const { all } = await run(binaryOf(major, context), args, root);
    expect(all).toMatch(/Tests {2}\d{2,} passed \(\d+\)/);
  });
});

it('Node 26 runs the demo without a failed request', async (context) => {
  const { all } = await run(binaryOf(26, context), [path.join(root, 'dist/demo.js')], folder, context.signal);
  expect(all).toMatch(/\d+ requests \(\d+\/s\), 0 failed/);
});
