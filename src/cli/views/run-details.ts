import { coverageText } from '../../analysis/coverage.ts';
import { summarizeSince } from '../../changes/since.ts';
import type { RunDetails } from '../../status/run-details.ts';
import type { RunDocument } from '../run-document.ts';
import { attemptAt } from './attempt.ts';
import { evidenceLines } from './run-evidence.ts';
import { columns } from './table.ts';
import { type Colors, duration, oneLine, printable, shortTime } from './text.ts';

/** Lines of a migration's output. */
const shownLines = 20;

/**
 * One run of `pipeline history`: what it was, its steps, why it failed and what was undone.
 * @param options.logs Show all lines of the logs.
 * @param run With the exit code of its outcome, and the web page of the commit; both null where there is none.
 */
export function renderRun(run: RunDocument, colors: Colors, { logs = false } = {}): string {
  const parts = [facts(run, colors)];
  const rows = run.steps.map(({ id, status, seconds, title }) => [
    id,
    status,
    seconds > 0 ? duration(seconds) : '',
    title,
  ]);
  if (rows.length > 0) parts.push(columns(['step', 'status', 'time', 'what'], rows, colors));
  const output = outputLines(run, colors);
  if (output.length > 0) parts.push(output.join('\n'));
  const end = [...errorLines(run, colors), ...undoLines(run, colors)];
  if (end.length > 0) parts.push(end.join('\n'));
  if (run.collected) parts.push(evidenceLines(run.collected, logs, colors).join('\n'));
  return `${parts.join('\n\n')}\n`;
}

function facts(run: RunDocument, colors: Colors): string {
  const { app, environment, operation, startedAt, finishedAt, seconds, commit, ref, subject, author, url } = run;
  const took = seconds === null ? '' : `, ${duration(seconds)}`;
  const rows: [string, string | null][] = [
    ['run', `${operation} of ${app} in ${environment}, ${run.run}`],
    ['outcome', outcomeOf(run)],
    ['version', versionOf(run)],
    [
      'commit',
      commit &&
        [commit.slice(0, 12), ref && ref !== commit ? `(${ref})` : '', quoted(subject), author ? `by ${author}` : '']
          .filter(Boolean)
          .join(' '),
    ],
    ['page', url],
    ['brings', run.since && summarizeSince(run.since)],
    ['hold', run.emergency && `passed: ${run.emergency}`],
    ['project', run.projectCommit !== commit && run.projectCommit ? run.projectCommit.slice(0, 12) : null],
    ['watched', run.window && coverageText(run.window).replace('watched ', '')],
    ['by', `${run.by}: ${run.command}`],
    ['time', `${shortTime(startedAt)}${finishedAt === null ? '' : ` to ${shortTime(finishedAt)}`}${took}`],
  ];
  return rows
    .flatMap(([name, value]) => (value === null ? [] : [`${colors.bold(name.padEnd(8))} ${oneLine(value)}`]))
    .join('\n');
}

const quoted = (text: string | null): string => (text ? `"${text}"` : '');

function outcomeOf({ outcome, exitCode, active, app }: RunDocument): string {
  if (outcome !== null) return exitCode === null ? outcome : `${outcome} (exit code ${exitCode})`;
  return active ? 'running' : `none: its process has crashed; to undo what it changed: pipeline abort ${app}`;
}

function versionOf({ version, outcome, committed, previous }: RunDetails): string | null {
  if (version === null) return null;
  const what = attemptAt({ version, ...(outcome !== null && { outcome }), ...(committed && { committed }) }) ?? version;
  return previous === null ? what : `${what} (before: ${previous})`;
}

function errorLines({ error }: RunDetails, colors: Colors): string[] {
  if (!error) return [];
  const { step, code, message, details, fix } = error;
  return [
    `${colors.red(colors.bold('error:'))} ${indented(message)} (${step === null ? code : `${code}, step ${step}`})`,
    ...details.map((line) => `  ${indented(line)}`),
    ...(fix === undefined ? [] : [`${colors.cyan('fix:')} ${indented(fix)}`]),
  ];
}

function undoLines({ undone, notUndone, leftovers, warnings }: RunDetails, colors: Colors): string[] {
  const list = (name: string, lines: string[]) =>
    lines.length === 0 ? [] : [colors.bold(`${name}:`), ...lines.map((line) => `  ${indented(line)}`)];
  return [
    ...list(
      'undone',
      undone.map(({ step, title }) => `${step}: ${title}`),
    ),
    ...list(
      'not undone',
      notUndone.map(({ step, title, error }) => `${step}: ${title}: ${error}`),
    ),
    ...list('leftovers', leftovers),
    ...list('warnings', warnings),
  ];
}

/** The last lines that a migration has printed; all of what is kept is in the document. */
function outputLines({ migration }: RunDetails, colors: Colors): string[] {
  if (!migration || migration.output.trim() === '') return [];
  const lines = migration.output.trimEnd().split('\n');
  const shown = lines.slice(-shownLines);
  const which = lines.length > shown.length ? `, last ${shown.length} of ${lines.length} lines` : '';
  return [colors.bold(`migration on ${migration.instance}${which}:`), ...shown.map((line) => `  ${printable(line)}`)];
}

const indented = (text: string): string => printable(text).trimEnd().replaceAll('\n', '\n  ');
