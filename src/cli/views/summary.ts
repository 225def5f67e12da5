import type { Outcome } from '@golden-pipeline/shared/errors';
import type { StopSignal } from '../../engine/interrupt.ts';
import type { RunFacts } from '../../runner/run-facts.ts';
import { columns } from './table.ts';
import { type Colors, duration, oneLine, printable } from './text.ts';

/** What an outcome means for the reader. */
const meanings: Record<Outcome, string> = {
  done: 'done',
  failed: 'failed; nothing was changed',
  usage: 'not started',
  'rolled-back': 'failed; everything it changed was rolled back',
  'manual-intervention': 'failed; manual intervention required',
  locked: 'not started; another run holds the lock, or the app is on hold',
  declined: 'not started; declined',
  interrupted: 'interrupted',
};

/** What the facts of a run do not tell. */
export interface SummaryOptions {
  colors: Colors;
  /** The command that undoes it. */
  undo?: string | undefined;
  /** The command that was interrupted, to run it again. */
  again?: string | undefined;
  /** What interrupted it; undefined where another process requested that. */
  by?: StopSignal | undefined;
  /** What it brought stays. */
  committed?: boolean;
  /** Its steps stand above already, as a list. */
  listed?: boolean;
}

/** The end of a run for people: seconds per step, what is left, the outcome, how to undo it or to go on. */
export function renderSummary(facts: RunFacts, options: SummaryOptions): string {
  const { colors, undo, again, listed } = options;
  const outcome = facts.outcome ?? 'failed';
  const paint = outcome === 'done' ? colors.green : outcome === 'rolled-back' ? colors.yellow : colors.red;
  const parts: string[] = [];
  const ran = facts.steps.filter((step) => step.status !== 'pending');
  if (ran.length > 0 && !listed) {
    const rows = ran.map((step) => [
      step.id,
      step.status,
      step.seconds > 0 ? duration(step.seconds) : undefined,
      step.title,
    ]);
    parts.push(columns(['step', 'status', 'time', 'what'], rows, colors));
  }
  if (facts.leftovers.length > 0) {
    parts.push([colors.bold('leftovers:'), ...facts.leftovers.map((line) => `  ${printable(line)}`)].join('\n'));
  }
  const warnings = warningsOf(facts.summary);
  if (warnings.length > 0) {
    parts.push([colors.yellow('warnings:'), ...warnings.map((line) => `  ${printable(line)}`)].join('\n'));
  }
  const seconds = facts.seconds === undefined ? '' : ` in ${duration(facts.seconds)}`;
  const closing = [
    `${paint(colors.bold(summaryTitle(facts, options)))}${seconds}${facts.run ? `, run ${facts.run}` : ''}`,
  ];
  if (facts.leftovers.length > 0 && facts.app) closing.push(`${colors.cyan('next:')} pipeline status ${facts.app}`);
  if (undo && outcome === 'done') closing.push(`${colors.cyan('undo:')} ${undo}`);
  if (again !== undefined) closing.push(`${colors.cyan('again:')} ${again}`);
  parts.push(closing.join('\n'));
  return `${parts.join('\n\n')}\n`;
}

/** `release api v2 (before: v1) in local: done`. */
export function summaryTitle(facts: RunFacts, options: Pick<SummaryOptions, 'by' | 'committed'>): string {
  const what = [facts.operation, facts.app, subject(facts.summary)]
    .filter(Boolean)
    .map((word) => oneLine(String(word)));
  const where = facts.environment ? ` in ${facts.environment}` : '';
  return `${what.join(' ')}${where}: ${meaningOf(facts, options)}`;
}

function meaningOf(
  { outcome = 'failed', changed, undone, steps }: RunFacts,
  { by, committed }: Pick<SummaryOptions, 'by' | 'committed'>,
): string {
  if (outcome !== 'interrupted') return meanings[outcome];
  const what = by === undefined ? 'aborted' : by === 'SIGINT' ? 'interrupted by Ctrl-C' : `interrupted by ${by}`;
  if (changed.size === 0) return `${what}; nothing was changed`;
  if (committed || steps.every(({ status }) => status === 'done' || status === 'skipped')) {
    return `${what} when its work was done; what it changed stays`;
  }
  // A step without an undo, e.g. a task that only goes forwards.
  const kept = [...changed].filter((id) => !undone.has(id));
  return `${what}; ${kept.length === 0 ? 'everything it changed was rolled back' : `not undone: ${kept.join(', ')}`}`;
}

/** What failed without changing the outcome. */
function warningsOf({ warnings }: Record<string, unknown>): string[] {
  return Array.isArray(warnings) ? warnings.filter((one): one is string => typeof one === 'string') : [];
}

/** The version a run was about, with the one before it when both are known. */
function subject(summary: Record<string, unknown>): string | undefined {
  const { version, previous } = summary;
  if (typeof version !== 'string') return undefined;
  return typeof previous === 'string' ? `${version} (before: ${previous})` : version;
}
