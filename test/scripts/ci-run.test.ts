import { execFile } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

/** A clone with the script, and an `npm` that leaves a given report and fails on given commands. */
let clone = '';
beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), 'ci-run-'));
  for (const folder of ['scripts', 'bin']) mkdirSync(join(clone, folder));
  cpSync('.ci', join(clone, '.ci'), { recursive: true });
  writeFileSync(join(clone, 'scripts', 'setup.mjs'), '');
});
afterEach(() => rmSync(clone, { recursive: true, force: true }));

const good = { name: 'adds up', state: 'passed' };
const bad = { name: 'adds "up" $HOME', state: 'failed', error: 'expected 3\n\n\x1b[31mto be 4\x1b[39m' };
const other = { ...bad, name: 'subtracts' };
const mended = { ...bad, state: 'passed', error: '' };
const left = { name: 'asks aws (skipped: needs awscli)', state: 'skipped' };
type Files = Record<string, { name: string; state: string; error?: string }[]>;

/** Writes a report like that of .ci/reporter.mjs: a file takes a second for each letter of its name. */
function report(name: string, setting: Files) {
  const files = Object.entries(setting).map(([file, tests], index) => ({
    file,
    project: file.startsWith('test/e2e') ? 'e2e' : 'unit',
    start: index * 60_000,
    end: index * 60_000 + file.length * 1000,
    error: tests.length === 0 ? 'no such module' : '',
    tests: tests.map((test) => ({ error: '', ...test })),
  }));
  writeFileSync(join(clone, name), JSON.stringify({ files }));
}

/**
 * @param files Tests of vitest's report, by file; none for a run that leaves no report.
 * @param second The report of the second try.
 */
async function ci(setting: { files?: Files; second?: Files; testExit?: number; failing?: string }) {
  for (const file of ['report-first.json', 'report-second.json', 'tests.log'])
    rmSync(join(clone, file), { force: true });
  if (setting.files) report('report-first.json', setting.files);
  if (setting.second) report('report-second.json', setting.second);
  writeFileSync(
    join(clone, 'bin', 'npm'),
    [
      '#!/bin/bash',
      `if [ "$1" = test ]; then`,
      'echo "$@" >> tests.log',
      `cp "\${CI_TEST_REPORT##*/}" "$CI_TEST_REPORT"`,
      `exit ${setting.testExit ?? 0}`,
      'fi',
      `[ "$3" != "${setting.failing ?? ''}" ]`,
    ].join('\n'),
  );
  chmodSync(join(clone, 'bin', 'npm'), 0o755);
  const path = [join(clone, 'bin'), dirname(process.execPath), process.env.PATH].join(':');
  return new Promise<{ code: number; lines: string[] }>((resolve) => {
    execFile(join(clone, '.ci', 'run'), { env: { ...process.env, PATH: path } }, (error, out) => {
      resolve({ code: error ? Number(error.code) : 0, lines: out.trimEnd().split('\n') });
    });
  });
}

test('tests and checks are counted together', async () => {
  const { code, lines } = await ci({ files: { 'test/a.test.ts': [good, good], 'test/b.test.ts': [good] } });
  expect(code).toBe(0);
  expect(lines.at(-1)).toBe('10 passed, 0 failed');
});

test('failed tests, files that could not be loaded and failed checks are listed with their failure', async () => {
  const { code, lines } = await ci({
    files: { 'test/a.test.ts': [good, bad, other], 'test/b.test.ts': [] },
    testExit: 1,
    failing: 'lint',
  });
  expect(code).not.toBe(0);
  expect(lines.slice(-11)).toEqual([
    '  test: test/a.test.ts: adds "up" $HOME',
    '      expected 3',
    '      to be 4',
    '  test: test/a.test.ts: subtracts',
    '      expected 3',
    '      to be 4',
    '  test: test/b.test.ts: the file itself failed',
    '      no such module',
    '  lint: npm run --silent lint',
    '',
    '7 passed, 4 failed',
  ]);
});

test('up to two failed tests get a second try: those that pass then are listed as unstable, the others fail', async () => {
  const files = { 'test/a.test.ts': [good, bad, other] };
  const { code, lines } = await ci({ files, second: { 'test/a.test.ts': [good, mended, other] }, testExit: 1 });
  expect(code).not.toBe(0);
  expect(lines.slice(-8)).toEqual([
    '  unstable, passed on the second try: test/a.test.ts: adds "up" $HOME',
    '      expected 3',
    '      to be 4',
    '  test: test/a.test.ts: subtracts',
    '      expected 3',
    '      to be 4',
    '',
    '9 passed, 1 failed',
  ]);
  const again = readFileSync(join(clone, 'tests.log'), 'utf8').trimEnd().split('\n');
  expect(again).toHaveLength(2);
  expect(again[1]).toMatch(/ test\/a\.test\.ts$/);

  const mendedRun = await ci({
    files: { 'test/a.test.ts': [bad] },
    second: { 'test/a.test.ts': [mended] },
    testExit: 1,
  });
  expect(mendedRun.code).toBe(0);
  expect(mendedRun.lines.at(-1)).toBe('8 passed, 0 failed');
});

test('failures stay failures when the second try leaves no report or cannot load the file', async () => {
  const files = { 'test/a.test.ts': [bad] };
  expect((await ci({ files, testExit: 1 })).lines.at(-1)).toBe('7 passed, 1 failed');
  expect((await ci({ files, second: { 'test/a.test.ts': [] }, testExit: 1 })).lines.at(-1)).toBe('7 passed, 1 failed');
});

test('more than two failed tests get no second try', async () => {
  const files = { 'test/a.test.ts': [bad, other], 'test/b.test.ts': [bad] };
  const { lines } = await ci({ files, second: { 'test/a.test.ts': [mended] }, testExit: 1 });
  expect(lines.at(-1)).toBe('7 passed, 3 failed');
  expect(readFileSync(join(clone, 'tests.log'), 'utf8').trimEnd().split('\n')).toHaveLength(1);
});

test('a failure outside of tests and a run without a report count as one failure', async () => {
  const outside = await ci({ files: { 'test/a.test.ts': [good] }, testExit: 1 });
  expect(outside.code).not.toBe(0);
  expect(outside.lines.at(-1)).toBe('8 passed, 1 failed');
  const none = await ci({ testExit: 7 });
  expect(none.code).not.toBe(0);
  expect(none.lines.at(-1)).toBe('7 passed, 1 failed');
});

test('the time of each project, the slowest ten files and skipped tests are listed before the total', async () => {
  const many = Object.fromEntries(Array.from({ length: 10 }, (_, n) => [`test/${'n'.repeat(n + 1)}.test.ts`, [good]]));
  const { lines } = await ci({
    files: { ...many, 'test/e2e/release.test.ts': [good, left], 'test/x.test.ts': [good] },
  });
  const from = lines.indexOf('time of each project:');
  expect(lines.slice(from, from + 5)).toEqual([
    'time of each project:',
    '  11.2 min  unit (11 files, 11 tests)',
    '  0.4 min  e2e (1 files, 2 tests)',
    'slowest files:',
    '  24.0 s  e2e  test/e2e/release.test.ts',
  ]);
  expect(lines.slice(from + 4).findIndex((line) => !line.includes('.test.ts'))).toBe(10);
  expect(lines.slice(from + 14, -2)).toEqual([
    '1 skipped:',
    '  test/e2e/release.test.ts: asks aws (skipped: needs awscli)',
    expect.stringMatching(/^\d+ minutes in all$/),
  ]);
  expect(lines.at(-1)).toBe('19 passed, 0 failed');
});

test('the reporter records the project of each file, and the state and failure of each test', async () => {
  const folder = join(clone, 'project');
  mkdirSync(folder);
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
  const put = (name: string, text: string) => writeFileSync(join(folder, name), text);
  put('package.json', '{ "type": "module" }');
  put(
    'vitest.config.ts',
    "export default { test: { projects: [{ test: { name: 'small', include: ['*.test.ts'] } }] } };",
  );
  put(
    'a.test.ts',
    `import { beforeAll, describe, expect, it } from 'vitest';
     it('adds', () => expect(1 + 2).toBe(3));
     describe('wrongly', () => it('adds', () => expect(1 + 2).toBe(4)));
     it.skip('rests', () => undefined);
     it('asks', ({ skip }) => skip('no network'));
     describe('unprepared', () => { beforeAll(() => { throw new Error('no hook'); }); it('adds', () => undefined); });`,
  );
  put('b.test.ts', "import './none.ts';");
  const CI_TEST_REPORT = join(folder, 'report.json');
  const args = [resolve('node_modules/vitest/vitest.mjs'), 'run', `--reporter=${resolve('.ci/reporter.mjs')}`];
  const env = { PATH: process.env.PATH, CI_TEST_REPORT };
  await new Promise((resolve) => execFile(process.execPath, args, { cwd: folder, env }, resolve));
  const { files } = JSON.parse(readFileSync(CI_TEST_REPORT, 'utf8')) as { files: { file: string; tests: object[] }[] };
  files.sort((a, b) => a.file.localeCompare(b.file));
  expect(files).toEqual([
    {
      ...{ file: 'a.test.ts', project: 'small', start: expect.any(Number), end: expect.any(Number) },
      error: expect.stringContaining('no hook'),
      tests: [
        { name: 'adds', state: 'passed', error: '' },
        { name: 'wrongly > adds', state: 'failed', error: expect.stringContaining('expected 3 to be 4') },
        { name: 'rests', state: 'skipped', error: '' },
        { name: 'asks (no network)', state: 'skipped', error: '' },
        { name: 'unprepared > adds', state: 'skipped', error: '' },
      ],
    },
    expect.objectContaining({ file: 'b.test.ts', error: expect.stringContaining('none.ts'), tests: [] }),
  ]);
});
