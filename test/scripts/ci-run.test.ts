import { execFile } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

/** A clone with the script and an `npm` that leaves a given report and fails on given commands. */
let clone = '';
beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), 'ci-run-'));
  for (const folder of ['scripts', 'bin']) mkdirSync(join(clone, folder));
  cpSync('.ci', join(clone, '.ci'), { recursive: true });
  writeFileSync(join(clone, 'scripts', 'setup.mjs'), '');
});
afterEach(() => rmSync(clone, { recursive: true, force: true }));

const good = { status: 'passed', fullName: 'adds up' };
const bad = {
  status: 'failed',
  fullName: 'adds "up" $HOME',
  failureMessages: ['expected 3\n\n\x1b[31mto be 4\x1b[39m'],
};
const other = { ...bad, fullName: 'takes away' };
const mended = { status: 'passed', fullName: bad.fullName };
type Files = Record<string, { status: string; fullName: string }[]>;

/** Writes a report like vitest's. */
function report(name: string, setting: Files) {
  const files = Object.entries(setting);
  const count = (status: string) => files.flatMap(([, tests]) => tests).filter((one) => one.status === status).length;
  const testResults = files.map(([file, tests]) => ({
    name: join(clone, file),
    status: tests.length === 0 || tests.some((one) => one.status === 'failed') ? 'failed' : 'passed',
    message: tests.length === 0 ? 'no such module' : '',
    assertionResults: tests,
  }));
  const text = JSON.stringify({ numPassedTests: count('passed'), numFailedTests: count('failed'), testResults });
  writeFileSync(join(clone, name), text);
}

/**
 * @param files Tests of vitest's report, by file; none for a run that leaves no report.
 * @param second The report of the second try.
 */
async function ci(setting: { files?: Files; second?: Files; testExit?: number; failing?: string }) {
  for (const left of ['report-first.json', 'report-second.json', 'tests.log'])
    rmSync(join(clone, left), { force: true });
  if (setting.files) report('report-first.json', setting.files);
  if (setting.second) report('report-second.json', setting.second);
  writeFileSync(
    join(clone, 'bin', 'npm'),
    [
      '#!/bin/bash',
      `if [ "$1" = test ]; then`,
      'echo "$@" >> tests.log',
      `for arg; do case $arg in --outputFile.json=*) cp "\${arg##*/}" "\${arg#*=}";; esac; done`,
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
  expect(lines.at(-1)).toBe('8 passed, 0 failed');
});

test('every failed test, every file that could not be run and every failed check is named, with why', async () => {
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
    '  test: test/a.test.ts: takes away',
    '      expected 3',
    '      to be 4',
    '  test: test/b.test.ts: could not be run',
    '      no such module',
    '  lint: npm run --silent lint',
    '',
    '5 passed, 4 failed',
  ]);
});

test('few failures are tried once more: what passes then is named as unstable, what does not has failed', async () => {
  const files = { 'test/a.test.ts': [good, bad, other] };
  const { code, lines } = await ci({ files, second: { 'test/a.test.ts': [good, mended, other] }, testExit: 1 });
  expect(code).not.toBe(0);
  expect(lines.slice(-8)).toEqual([
    '  unstable, passed the second time: test/a.test.ts: adds "up" $HOME',
    '      expected 3',
    '      to be 4',
    '  test: test/a.test.ts: takes away',
    '      expected 3',
    '      to be 4',
    '',
    '7 passed, 1 failed',
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
  expect(mendedRun.lines.at(-1)).toBe('6 passed, 0 failed');
});

test('a second try that leaves no report, or cannot load the file, mends nothing', async () => {
  const files = { 'test/a.test.ts': [bad] };
  expect((await ci({ files, testExit: 1 })).lines.at(-1)).toBe('5 passed, 1 failed');
  expect((await ci({ files, second: { 'test/a.test.ts': [] }, testExit: 1 })).lines.at(-1)).toBe('5 passed, 1 failed');
});

test('more failures than an accident makes get no second try', async () => {
  const files = { 'test/a.test.ts': [bad, other], 'test/b.test.ts': [bad] };
  const { lines } = await ci({ files, second: { 'test/a.test.ts': [mended] }, testExit: 1 });
  expect(lines.at(-1)).toBe('5 passed, 3 failed');
  expect(readFileSync(join(clone, 'tests.log'), 'utf8').trimEnd().split('\n')).toHaveLength(1);
});

test('a failure outside of any test, and a run without a report, are failures', async () => {
  const outside = await ci({ files: { 'test/a.test.ts': [good] }, testExit: 1 });
  expect(outside.code).not.toBe(0);
  expect(outside.lines.at(-1)).toBe('6 passed, 1 failed');
  const none = await ci({ testExit: 7 });
  expect(none.code).not.toBe(0);
  expect(none.lines.at(-1)).toBe('5 passed, 1 failed');
});
