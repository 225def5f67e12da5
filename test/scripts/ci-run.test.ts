import { execFile } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

/** A clone with the script and an `npm` that leaves a given report and fails on given commands. */
let clone = '';
beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), 'ci-run-'));
  for (const folder of ['.ci', 'scripts', 'bin']) mkdirSync(join(clone, folder));
  cpSync('.ci/run', join(clone, '.ci', 'run'));
  writeFileSync(join(clone, 'scripts', 'setup.mjs'), '');
});
afterEach(() => rmSync(clone, { recursive: true, force: true }));

const good = { status: 'passed', fullName: 'adds up' };
const bad = { status: 'failed', fullName: 'adds "up" $HOME' };

/** @param files Test files of vitest's report, by name; none for a run that leaves no report. */
async function ci(setting: { files?: Record<string, (typeof good)[]>; testExit?: number; failing?: string }) {
  const files = Object.entries(setting.files ?? {});
  const all = files.flatMap(([, tests]) => tests);
  const report = {
    numPassedTests: all.filter((one) => one === good).length,
    numFailedTests: all.filter((one) => one === bad).length,
    testResults: files.map(([name, tests]) => ({
      name: join(clone, name),
      status: tests.length === 0 || tests.includes(bad) ? 'failed' : 'passed',
      assertionResults: tests,
    })),
  };
  writeFileSync(join(clone, 'report.json'), JSON.stringify(report));
  writeFileSync(
    join(clone, 'bin', 'npm'),
    [
      '#!/bin/bash',
      `if [ "$1" = test ]; then`,
      setting.files ? `for arg; do case $arg in --outputFile.json=*) cp report.json "\${arg#*=}";; esac; done` : ':',
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

test('every failed test, every file that could not be run and every failed check is named', async () => {
  const { code, lines } = await ci({
    files: { 'test/a.test.ts': [good, bad], 'test/b.test.ts': [] },
    testExit: 1,
    failing: 'lint',
  });
  expect(code).not.toBe(0);
  expect(lines.slice(-5)).toEqual([
    '  test: test/b.test.ts: could not be run',
    '  test: test/a.test.ts: adds "up" $HOME',
    '  lint: npm run --silent lint',
    '',
    '5 passed, 3 failed',
  ]);
});

test('a failure outside of any test, and a run without a report, are failures', async () => {
  const outside = await ci({ files: { 'test/a.test.ts': [good] }, testExit: 1 });
  expect(outside.code).not.toBe(0);
  expect(outside.lines.at(-1)).toBe('6 passed, 1 failed');
  const none = await ci({ testExit: 7 });
  expect(none.code).not.toBe(0);
  expect(none.lines.at(-1)).toBe('5 passed, 1 failed');
});
