import type { CommitsSince } from '../../ledger/types.ts';
import type { RunFacts } from '../../runner/run-facts.ts';
import type { ShownError } from '../../shared/shown-error.ts';
import { type SummaryOptions, summaryTitle } from './summary.ts';
import { duration, oneLine, printable } from './text.ts';

/** So many commits, and so many lines of evidence, are listed: GitHub takes 1 MiB a step. */
const [listedCommits, listedDetails] = [50, 200];

/** What a run came to, as Markdown for the page of a CI job: outcome, error, steps, commits, the command that undoes it. */
export function renderRunMarkdown(
  facts: RunFacts,
  options: Omit<SummaryOptions, 'colors' | 'listed'> & { error?: Omit<ShownError, 'outcome' | 'defect'> | undefined },
): string {
  const { error, undo, again } = options;
  const { run, outcome, leftovers, seconds } = facts;
  const took = seconds === undefined ? '' : ` in ${duration(seconds)}`;
  const lines = [`## ${outcome === 'done' ? '✅' : '❌'} ${escapeMarkdown(summaryTitle(facts, options))}${took}`, ''];
  if (error) lines.push(...errorLines(error));
  if (leftovers.length > 0)
    lines.push('**Leftovers**', '', ...leftovers.map((line) => `- ${escapeMarkdown(line)}`), '');
  lines.push(...stepLines(facts), ...commitLines(facts.summary.since as CommitsSince | undefined));
  if (undo && outcome === 'done') lines.push(`Undo: ${code(undo)}`, '');
  if (again) lines.push(`Again: ${code(again)}`, '');
  if (run) lines.push(`Run ${code(run)}`, '');
  return `${lines.join('\n')}\n`;
}

/** A command that ended before its run began. */
export function renderFailureMarkdown(command: string, error: ShownError): string {
  return `${[`## ❌ ${code(command)}`, '', ...errorLines(error)].join('\n')}\n`;
}

/** One line of text from elsewhere, e.g. a commit's subject, that is shown as it is: no markup, no HTML, no link. */
export function escapeMarkdown(text: string): string {
  return oneLine(text).replace(/[!-/:-@[-`{-~]/g, (sign) =>
    /[,;:/'"]/.test(sign) ? sign : `&#${sign.charCodeAt(0)};`,
  );
}

/** A command in HTML, in which nothing ends it. */
const code = (text: string): string => `<code>${escapeMarkdown(text)}</code>`;

function errorLines({ message, details, fix }: Pick<ShownError, 'message' | 'details' | 'fix'>): string[] {
  const shown = details.join('\n').split('\n').slice(0, listedDetails).join('\n');
  return [
    `**Error:** ${escapeMarkdown(message)}`,
    '',
    ...(shown === '' ? [] : [`<pre>${escapeHtml(shown)}</pre>`, '']),
    ...(fix === undefined ? [] : [`**Fix:** ${escapeMarkdown(fix)}`, '']),
  ];
}

function stepLines({ steps }: RunFacts): string[] {
  const ran = steps.filter(({ status }) => status !== 'pending');
  if (ran.length === 0) return [];
  const rows = ran.map(({ id, status, seconds, title }) =>
    [id, status, seconds > 0 ? duration(seconds) : '', title].map(escapeMarkdown).join(' | '),
  );
  return ['| step | status | time | what |', '| --- | --- | --- | --- |', ...rows.map((row) => `| ${row} |`), ''];
}

function commitLines(since: CommitsSince | undefined): string[] {
  if (!since) return [];
  const { version, added, removed, commits } = since;
  if (added === 0 && removed === 0) return [`No new commits of the app since ${escapeMarkdown(version)}`, ''];
  const count = (number: number) => `${number} ${number === 1 ? 'commit' : 'commits'}`;
  const shown = commits
    .slice(0, listedCommits)
    .map((one) => `- ${code(one.commit.slice(0, 12))} ${escapeMarkdown(one.subject)} (${escapeMarkdown(one.author)})`);
  const more = added - shown.length;
  return [
    `**${count(added)} since ${escapeMarkdown(version)}**${removed > 0 ? `, without ${count(removed)} of it` : ''}`,
    '',
    ...shown,
    ...(more > 0 ? [`- and ${more} more`] : []),
    '',
  ];
}

const escapeHtml = (text: string): string =>
  printable(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
