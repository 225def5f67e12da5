import { usageError } from '@golden-pipeline/shared/errors';
import { show } from '@golden-pipeline/shared/text';
import type { WindowCoverage } from '../analysis/types.ts';
import type { RunEvidence } from '../ledger/run-evidence.ts';
import type { CommitsSince, Ledger, LockRecord, ReleaseRecord, RunError, RunRecord } from '../ledger/types.ts';
import { type JournaledMigration, type JournalStory, readStory } from './run-journal.ts';

/** One run, as `history <app> <run> --json` prints it. What is not known is null. */
export interface RunDetails {
  run: string;
  app: string;
  environment: string;
  operation: string;
  command: string;
  by: string;
  host: string;
  /** ISO times. */
  startedAt: string;
  finishedAt: string | null;
  /** Null for a run without an end: it is active, or it has crashed. */
  outcome: string | null;
  active: boolean;
  /** It had committed its work: what it brought stays, whatever the outcome. */
  committed: boolean;
  /** The signal that interrupted it. */
  signal: string | null;
  seconds: number | null;
  /** What it brought, or attempted to bring, and what served before. */
  version: string | null;
  previous: string | null;
  commit: string | null;
  ref: string | null;
  subject: string | null;
  author: string | null;
  projectCommit: string | null;
  /** Of a release: the commits since the version that served. */
  since: CommitsSince | null;
  /** Why it began in spite of a hold. */
  emergency: string | null;
  /** `unfinished`: it began, and its process crashed. */
  steps: { id: string; title: string; status: string; seconds: number }[];
  /** Why it did not complete; `step` is the one that failed. */
  error: (RunError & { step: string | null }) | null;
  /** What was undone, and what could not be. */
  undone: { step: string; title: string }[];
  notUndone: { step: string; title: string; error: string }[];
  leftovers: string[];
  /** What the verify window could see; null without one, or before its end. */
  window: WindowCoverage | null;
  /** The collected logs and answers, from its first fault on, before anything was undone; null where there are none. */
  collected: RunEvidence | null;
  /** What failed without changing the outcome. */
  warnings: string[];
  /** Of a release whose migration has ended: where, how, and the end of its output. */
  migration: JournaledMigration | null;
}

/** So many runs are named where an abbreviation fits several. */
const shownRuns = 5;

/**
 * The id of one of the app's runs.
 * @param text The id, or the beginning of one that no other run of the app has.
 * @throws usage errors `run.unknown`, `run.ambiguous`
 */
export async function findRunId(
  ledger: Pick<Ledger, 'runIds'>,
  { app, environment }: { app: string; environment: string },
  text: string,
): Promise<string> {
  const ids = text === '' ? [] : await ledger.runIds(app, text);
  const [id] = ids;
  if (id === undefined) {
    throw usageError('run.unknown', `${app} in ${environment} has no run ${show(text)}`, `pipeline history ${app}`);
  }
  if (ids.length === 1 || id === text) return id;
  const shown = ids.slice(0, shownRuns).join(', ');
  const more = ids.length > shownRuns ? ` and ${ids.length - shownRuns} more` : '';
  throw usageError(
    'run.ambiguous',
    `${show(text)} is the beginning of ${ids.length} runs: ${shown}${more}`,
    'give more of the id',
  );
}

/** Reads one run: its record, its journal, and the release that it was about. @throws as {@link findRunId} */
export async function readRun(
  ledger: Pick<Ledger, 'runIds' | 'run' | 'journal' | 'lockOf' | 'release' | 'evidence'>,
  fleet: { app: string; environment: string },
  text: string,
): Promise<RunDetails> {
  const id = await findRunId(ledger, fleet, text);
  const [record, entries, lock, evidence] = await Promise.all([
    ledger.run(id),
    ledger.journal(id),
    ledger.lockOf(fleet.app),
    ledger.evidence.read(id),
  ]);
  if (!record)
    throw usageError('run.unknown', `run ${id} is not in the ledger any more`, `pipeline history ${fleet.app}`);
  const story = readStory(entries);
  const version = record.version ?? textOf(story.state.version);
  const release = version === undefined ? undefined : await ledger.release(fleet.app, version);
  return describeRun(record, story, {
    ...(lock && { lock }),
    ...(release && { release }),
    ...(evidence && { evidence }),
  });
}

/** Puts together what record, journal and release tell of a run. */
export function describeRun(
  record: RunRecord,
  story: JournalStory,
  { lock, release, evidence }: { lock?: LockRecord; release?: ReleaseRecord; evidence?: RunEvidence },
): RunDetails {
  const { id, app, environment, operation, command, by, host, startedAt, outcome } = record;
  const { state } = story;
  const active = outcome === undefined && lock?.run === id;
  const titleOf = (step: string) => record.steps.find((one) => one.id === step)?.title ?? step;
  const known = (key: 'commit' | 'ref' | 'subject' | 'author') => textOf(state[key]) ?? release?.[key] ?? null;
  return {
    ...{ run: id, app, environment, operation, command, by, host, startedAt },
    finishedAt: record.finishedAt ?? null,
    outcome: outcome ?? null,
    active,
    committed: record.committed ?? outcome === 'done',
    signal: record.signal ?? null,
    seconds: record.seconds ?? null,
    version: record.version ?? textOf(state.version) ?? null,
    previous: record.previous ?? null,
    commit: record.commit ?? known('commit'),
    ref: known('ref'),
    subject: known('subject'),
    author: known('author'),
    projectCommit: record.projectCommit ?? release?.projectCommit ?? null,
    // An active run, or one that crashed, has it in its journal only.
    since: record.since ?? (state.since as CommitsSince | undefined) ?? null,
    emergency: record.emergency ?? null,
    steps: stepsOf(record, story, active),
    error: outcome === 'done' ? null : errorOf(record, story),
    undone: story.undone.map((step) => ({ step, title: titleOf(step) })),
    notUndone: story.notUndone.map(({ step, error }) => ({ step, title: titleOf(step), error })),
    leftovers: story.leftovers,
    window: (state.window as WindowCoverage | undefined) ?? null,
    collected: evidence ?? null,
    warnings: record.warnings ?? [],
    migration: story.migration ?? null,
  };
}

/** The journal has the times of all processes of a run, the record those of the last one. */
function stepsOf({ steps }: RunRecord, story: JournalStory, active: boolean): RunDetails['steps'] {
  return steps.map((step) => {
    const journaled = story.steps.get(step.id);
    if (!journaled) return step;
    const status = journaled.status === 'unfinished' && active ? 'running' : journaled.status;
    return { ...step, status, seconds: journaled.seconds };
  });
}

function errorOf({ error }: RunRecord, { failure }: JournalStory): RunDetails['error'] {
  // A crash is the reason only where nothing else is known.
  if (failure && (!error || error.code === 'run.crashed')) return failure;
  return error ? { step: failure?.step ?? null, ...error } : null;
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
