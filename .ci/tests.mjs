// Runs the README's test command. When at most two tests failed, their files are run once more: a test that passes then is
// unstable, which a busy machine can make it; it counts as passed and is reported by name, with its first failure. With
// more failures there is no second try.
// Usage: node .ci/tests.mjs FOLDER
//   FOLDER  gets the reports and three files:
//     counts    `<passed> <failed>`
//     summary   time of each project, the slowest files, skipped tests
//     failures  failed and unstable tests, indented below each its failure
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

const folder = process.argv[2];
/** How many failed tests get a second try. */
const maxRetried = 2;
/** Lines of a failure that are repeated at the end. */
const maxFailureLines = 8;
/** How many of the slowest files are listed. */
const slowest = 10;

/** Runs all tests, or those of some files. `files` of the result is undefined when the run left no report. */
function runTests(round, files = []) {
  const report = join(folder, `report-${round}.json`);
  const args = ['test', '--', '--reporter=default', '--reporter=./.ci/reporter.mjs', ...files];
  const { status } = spawnSync('npm', args, { stdio: 'inherit', env: { ...process.env, CI_TEST_REPORT: report } });
  try {
    return { status: status ?? 1, files: JSON.parse(readFileSync(report, 'utf8')).files };
  } catch {
    return { status: status ?? 1, files: undefined };
  }
}

/** Tests of one state: by file and name, with their failure. */
function testsOf(files, state) {
  return files.flatMap(({ file, tests }) =>
    tests.filter((test) => test.state === state).map((test) => ({ file, ...test })),
  );
}

/** Failed tests, and files that failed outside of their tests. */
function failuresOf(files) {
  const outside = files
    .filter(({ error }) => error !== '')
    .map(({ file, error }) => ({ file, name: 'the file itself failed', error }));
  return [...testsOf(files, 'failed'), ...outside];
}

const nameOf = ({ file, name }) => `${file}: ${name}`;

function describeFailure(kind, failure) {
  const lines = stripVTControlCharacters(failure.error).split('\n');
  const shown = lines.filter((line) => line.trim() !== '').slice(0, maxFailureLines);
  return [`${kind}: ${nameOf(failure)}`, ...shown.map((line) => `    ${line.trimEnd()}`)];
}

const seconds = (ms) => (ms / 1000).toFixed(1);

/** How long each project took, from its first file's start to its last file's end, and the slowest files. */
function summarizeTimes(files) {
  const lines = ['time of each project:'];
  for (const project of new Set(files.map((one) => one.project))) {
    const own = files.filter((one) => one.project === project);
    const tests = own.reduce((sum, one) => sum + one.tests.length, 0);
    const ms = Math.max(...own.map(({ end }) => end)) - Math.min(...own.map(({ start }) => start));
    lines.push(`  ${(ms / 60_000).toFixed(1)} min  ${project} (${own.length} files, ${tests} tests)`);
  }
  lines.push('slowest files:');
  const byTime = files.map((one) => ({ ...one, ms: one.end - one.start })).sort((a, b) => b.ms - a.ms);
  for (const { ms, project, file } of byTime.slice(0, slowest)) lines.push(`  ${seconds(ms)} s  ${project}  ${file}`);
  return lines;
}

function summarizeSkipped(files) {
  const skipped = testsOf(files, 'skipped');
  return skipped.length > 0 ? [`${skipped.length} skipped:`, ...skipped.map((one) => `  ${nameOf(one)}`)] : [];
}

function run() {
  const { status, files } = runTests('first');
  if (!files) {
    const failures = [`test: npm test left no report, exit code ${status}`];
    return { passed: 0, failed: 1, summary: [], failures };
  }
  const summary = [...summarizeTimes(files), ...summarizeSkipped(files)];
  let passed = testsOf(files, 'passed').length;
  let failed = failuresOf(files);
  const failures = [];
  if (failed.length === 0 && status !== 0) {
    // Not every failure belongs to a test: an unhandled rejection, say, or a global set-up.
    failures.push(`test: npm test ended with exit code ${status} outside of any test`);
    return { passed, failed: 1, summary, failures };
  }
  if (failed.length > 0 && failed.length <= maxRetried) {
    const again = [...new Set(failed.map(({ file }) => file))];
    process.stdout.write(`\n== test, second try: ${again.join(' ')}\n`);
    const second = new Set(testsOf(runTests('second', again).files ?? [], 'passed').map(nameOf));
    const unstable = failed.filter((one) => second.has(nameOf(one)));
    for (const one of unstable) failures.push(...describeFailure('unstable, passed on the second try', one));
    passed += unstable.length;
    failed = failed.filter((one) => !unstable.includes(one));
  }
  for (const one of failed) failures.push(...describeFailure('test', one));
  return { passed, failed: failed.length, summary, failures };
}

const { passed, failed, summary, failures } = run();
const write = (name, lines) => writeFileSync(join(folder, name), lines.map((line) => `${line}\n`).join(''));
write('counts', [`${passed} ${failed}`]);
write('summary', summary);
write('failures', failures);
