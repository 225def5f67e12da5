// Runs the README's test command, and the few files of a run that failed in a few tests once more, each test then told by
// name: what passes the second time is unstable, which a busy machine can make it, and is said with what it failed of. More
// failures than that are no accident, and get no second try.
// Usage: node .ci/tests.mjs FOLDER RESULT
//   FOLDER  where vitest's reports go
//   RESULT  file that gets `<passed> <failed>` and then a line for each thing to tell, indented below it what it failed of
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

const [folder, result] = process.argv.slice(2);
/** How many failed tests may be tried again. */
const mayBeUnstable = 2;
/** Lines of a failure that are told again at the end. */
const toldLines = 8;

/** Runs all tests, or those of some files. Returns the exit code and the report, which is undefined when there is none. */
function test(round, files = []) {
  const report = join(folder, `report-${round}.json`);
  const args = ['test', '--', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...files];
  const { status } = spawnSync('npm', args, { stdio: 'inherit' });
  try {
    return { status: status ?? 1, report: JSON.parse(readFileSync(report, 'utf8')) };
  } catch {
    return { status: status ?? 1, report: undefined };
  }
}

/** Failed tests, and files that could not be run: by file, name and what they failed of. */
function failuresOf(report) {
  return report.testResults.flatMap((one) => {
    const file = relative(process.cwd(), one.name);
    const failed = one.assertionResults.filter((each) => each.status === 'failed');
    if (failed.length === 0 && one.status === 'failed') return [{ file, name: 'could not be run', why: one.message }];
    return failed.map((each) => ({ file, name: each.fullName, why: each.failureMessages?.join('\n') }));
  });
}

/** Names of the tests that passed; none without a report. */
function passedOf(report) {
  const passed = (report?.testResults ?? []).flatMap((one) =>
    one.assertionResults
      .filter((each) => each.status === 'passed')
      .map((each) => `${relative(process.cwd(), one.name)}: ${each.fullName}`),
  );
  return new Set(passed);
}

function told(kind, { file, name, why }) {
  const lines = stripVTControlCharacters(why ?? '').split('\n');
  const shown = lines.filter((line) => line.trim() !== '').slice(0, toldLines);
  return [`${kind}: ${file}: ${name}`, ...shown.map((line) => `    ${line.trimEnd()}`)];
}

function run() {
  const { status, report } = test('first');
  if (!report) return { passed: 0, failed: 1, lines: [`test: npm test left no report, exit code ${status}`] };
  let failures = failuresOf(report);
  const lines = [];
  let passed = report.numPassedTests;
  if (failures.length > 0 && failures.length <= mayBeUnstable) {
    const files = [...new Set(failures.map((one) => one.file))];
    process.stdout.write(`\n== test, once more: ${files.join(' ')}\n`);
    const second = passedOf(test('second', files).report);
    const stays = (one) => !second.has(`${one.file}: ${one.name}`);
    for (const one of failures.filter((each) => !stays(each))) {
      passed += 1;
      lines.push(...told('unstable, passed the second time', one));
    }
    failures = failures.filter(stays);
  } else if (failures.length === 0 && status !== 0) {
    // Not every failure belongs to a test: an unhandled rejection, say, or a global set-up.
    return { passed, failed: 1, lines: [`test: npm test ended with exit code ${status} outside of any test`] };
  }
  for (const one of failures) lines.push(...told('test', one));
  return { passed, failed: failures.length, lines };
}

const { passed, failed, lines } = run();
writeFileSync(result, `${[`${passed} ${failed}`, ...lines].join('\n')}\n`);
