import { execFile, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

const bin = fileURLToPath(new URL('../../bin/pipeline.mjs', import.meta.url));

let project = '';
beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'command-line-'));
  mkdirSync(join(project, 'pipelines'));
});
afterEach(() => rmSync(project, { recursive: true, force: true }));

/** The built command line as a person starts it, with no terminal and nothing on its standard input. */
function pipeline(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [bin, ...args], { cwd: project }, (error, out, err) => {
      resolve({ code: error ? Number(error.code) : 0, out, err });
    });
    child.stdin?.end();
  });
}

test('hostile names and refs are refused with exit code 2, and nothing is run', async () => {
  writeFileSync(join(project, 'pipelines', 'api.ts'), 'export default {};\n');
  const mark = join(project, 'touched');
  const hostile = [
    ['release', `;touch ${mark}`],
    ['release', '../api'],
    ['release', `api\ntouch ${mark}`],
    ['release', 'api', '--ref', `--upload-pack=touch ${mark}`],
    ['release', 'api', '--ref', `$(touch ${mark})`],
    ['fast-rollback', 'api', `v1;touch ${mark}`],
    ['status', '--', '--upload-pack=x'],
  ];
  for (const args of hostile) {
    const { code, out, err } = await pipeline(...args);
    expect({ args, code, out }).toEqual({ args, code: 2, out: '' });
    expect(err).toMatch(/^error: .*\n(fix: .*\n)?$/);
  }
  expect(existsSync(mark)).toBe(false);
});

test.each([
  ['waits for what never happens', 'await new Promise(() => undefined);', 'it waits for something that never happens'],
  ['calls process.exit', 'process.exit(0);', 'it calls process.exit(0)'],
  ['throws in a promise that nothing awaits', "Promise.reject(new Error('late'));", 'that nothing awaits: late'],
])('a pipelines file that %s is a usage error without a stack trace', async (_, code, message) => {
  writeFileSync(join(project, 'pipelines', 'api.ts'), `${code}\nexport default {};\n`);
  const { code: exit, out, err } = await pipeline('status', 'api');
  expect({ exit, out }).toEqual({ exit: 2, out: '' });
  expect(err).toContain(message);
  expect(err).toMatch(/^error: .*\n([\s\S]*\n)?fix: .*\n$/);
  expect(err).not.toMatch(/^\s+at |defect in pipeline/m);
});

test.each(['--help', '--version', 'completion bash'])('%s on a full device exits with 1 and one line', (words) => {
  const script = `"$0" "$1" ${words} > /dev/full`;
  const { status, stderr } = spawnSync('sh', ['-c', script, process.execPath, bin], { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 1, stderr: 'error: the output is not complete: no space is left\n' });
});

test('a reader that closes the output early is not a failure', async () => {
  const { status, stderr } = spawnSync('sh', ['-c', '"$0" "$1" --help | true', process.execPath, bin], {
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

test('the command line before the build says how to build', () => {
  mkdirSync(join(project, 'bin'));
  cpSync(bin, join(project, 'bin', 'pipeline.mjs'));
  const { status, stderr } = spawnSync(process.execPath, [join(project, 'bin', 'pipeline.mjs'), '--help'], {
    encoding: 'utf8',
  });
  expect(status).toBe(2);
  expect(stderr).toContain('npm run setup');
});
