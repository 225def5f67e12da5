import type { JournalEntry } from '../engine/journal.ts';
import type { RunError } from '../ledger/types.ts';

/** A step as the journal tells it. `unfinished`: it began, and nothing tells how it ended. */
export interface JournaledStep {
  status: 'unfinished' | 'done' | 'skipped' | 'failed' | 'undone';
  /** How long it ran, over all processes of the run and without its undo. */
  seconds: number;
}

/** What the journal of a run tells to people. */
export interface JournalStory {
  steps: Map<string, JournaledStep>;
  /** The facts of the run's state, as far as they were saved. */
  state: Record<string, unknown>;
  /** The failure that stands: the step was not begun again. */
  failure?: RunError & { step: string };
  /** Steps in the order of their undo. */
  undone: string[];
  notUndone: { step: string; error: string }[];
  /** What has to be undone manually. */
  leftovers: string[];
  /** The migration of a release, once it has ended. */
  migration?: JournaledMigration;
}

/** How a migration ended, with the end of its output; one that did not exit by itself has no exit code. */
export interface JournaledMigration {
  instance: string;
  exit: number | null;
  output: string;
}

/**
 * Reads a journal for people. Unlike a replay it takes any journal: entries of a kind that this version does not know are left out.
 * @param entries As the ledger has them.
 */
export function readStory(entries: readonly unknown[]): JournalStory {
  const story: JournalStory = { steps: new Map(), state: {}, undone: [], notUndone: [], leftovers: [] };
  const began = new Map<string, number>();
  const targets = new Map<number, string>();
  for (const entry of entries as readonly (JournalEntry | null)[]) {
    if (typeof entry !== 'object' || entry === null) continue;
    readMigration(story, targets, entry);
    if ('step' in entry) readStep(story, began, entry);
    else if (entry.type === 'run.started') Object.assign(story.state, entry.state);
    else if (entry.type === 'run.finished') story.leftovers = entry.leftovers;
    else if (entry.type === 'run.reopened') story.leftovers = [];
  }
  return story;
}

/** @param targets Instances of migrations that have begun, by the sequence of their entry. */
function readMigration(story: JournalStory, targets: Map<number, string>, entry: JournalEntry): void {
  if (entry.type === 'change.intent' && entry.action === 'migrate') targets.set(entry.sequence, entry.target);
  if (entry.type !== 'change.outcome' || !entry.ok) return;
  const instance = targets.get(entry.intent);
  if (instance === undefined) return;
  const { exit, tail } = (entry.result ?? {}) as { exit?: unknown; tail?: unknown };
  story.migration = {
    instance,
    exit: typeof exit === 'number' ? exit : null,
    output: typeof tail === 'string' ? tail : '',
  };
}

function readStep(
  story: JournalStory,
  began: Map<string, number>,
  entry: Extract<JournalEntry, { step: string }>,
): void {
  const { step, at } = entry;
  const before = story.steps.get(step);
  const end = (status: JournaledStep['status']) => {
    const seconds = (before?.seconds ?? 0) + (at - (began.get(step) ?? at)) / 1000;
    story.steps.set(step, { status, seconds });
  };
  switch (entry.type) {
    case 'step.started':
      began.set(step, at);
      story.steps.set(step, { status: 'unfinished', seconds: before?.seconds ?? 0 });
      delete story.failure;
      // A continued run makes it again.
      story.undone = story.undone.filter((one) => one !== step);
      story.notUndone = story.notUndone.filter((one) => one.step !== step);
      return;
    case 'step.finished':
      end('done');
      return;
    case 'step.skipped':
      end('skipped');
      return;
    case 'step.failed':
      story.failure = { step, ...entry.error, details: [] };
      end('failed');
      return;
    case 'undo.finished':
      story.undone.push(step);
      story.notUndone = story.notUndone.filter((one) => one.step !== step);
      // What failed keeps its status: it is the reason for all else.
      if (before && before.status !== 'failed') story.steps.set(step, { ...before, status: 'undone' });
      return;
    case 'undo.failed':
      story.notUndone = [...story.notUndone.filter((one) => one.step !== step), { step, error: entry.error.message }];
      return;
    case 'state.saved':
      Object.assign(story.state, entry.facts);
      return;
    default:
      return;
  }
}
