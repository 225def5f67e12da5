import { createHash } from 'node:crypto';
import { type Outcome, PipelineError } from '@golden-pipeline/shared/errors';
import type { ExpectedTime, RunHeadline } from './events.ts';
import { runSchema } from './schema.ts';
import type { JournaledChange } from './step.ts';

/** Fields of every entry: its sequence number (from 1, without gaps) and its time (ms since the epoch). */
interface EntryBase {
  sequence: number;
  at: number;
}

interface ErrorFacts {
  code: string;
  message: string;
}

/** Everything a run has to remember, as plain data: enough to resume or undo it on another host. */
export type JournalEntry = EntryBase &
  (
    | {
        type: 'run.started';
        /** {@link runSchema} of the pipeline that wrote it. */
        schema: number;
        run: string;
        operation: string;
        app: string;
        environment: string;
        state: Record<string, unknown>;
        steps: { id: string; title: string }[];
        headline?: RunHeadline;
        expected?: ExpectedTime;
      }
    | { type: 'run.finished'; outcome: Outcome; leftovers: string[] }
    /** The run had finished, and another process continues it. */
    | { type: 'run.reopened' }
    | { type: 'step.started' | 'step.finished' | 'undo.started' | 'undo.finished'; step: string }
    | { type: 'step.skipped'; step: string; reason: string }
    | { type: 'step.failed' | 'undo.failed'; step: string; error: ErrorFacts }
    /** What a step behind the commit still had to do could not be done; by another process it was done later. */
    | { type: 'completion.failed'; step: string; error: ErrorFacts }
    | { type: 'completion.finished'; step: string }
    /** With `window` and no facts, a wait of known length has begun: for readers only, so that older versions pass over it. */
    | {
        type: 'state.saved';
        step: string;
        facts: Record<string, unknown>;
        cleared?: string[];
        window?: { message: string; endsAt: number };
      }
    | {
        type: 'change.intent';
        step: string;
        action: string;
        target: string;
        token: string;
        data: Record<string, unknown>;
        undoing: boolean;
      }
    /** `intent` is the sequence number of its intent. */
    | { type: 'change.outcome'; intent: number; ok: true; result?: unknown }
    | { type: 'change.outcome'; intent: number; ok: false; error: string }
  );

/** An entry without its sequence number. */
export type NewEntry = JournalEntry extends infer E
  ? E extends JournalEntry
    ? Omit<E, 'sequence' | 'at'>
    : never
  : never;

export type StepStatus = 'pending' | 'running' | 'done' | 'skipped' | 'failed' | 'undoing' | 'undone';

/** The state of a run according to its journal. The cloud takes precedence: a resumed run observes it before acting. */
export interface Replay {
  run?: { id: string; operation: string; app: string; environment: string; startedAt: number };
  state: Record<string, unknown>;
  /** Changes by the sequence number of their intent, in that order. */
  changes: Map<number, JournaledChange>;
  /** Status by step id, for started steps. */
  steps: Map<string, StepStatus>;
  /** Ids of the steps behind the commit whose completion has failed, and was not made since. */
  incomplete: Set<string>;
  /** Set once the run has finished. */
  outcome?: Outcome;
  /** The undo of a step has begun: from then on the run only goes backwards. */
  undoBegan?: true;
  /** Sequence number of the next entry. */
  next: number;
}

/** The state before the first entry. */
export function emptyReplay(): Replay {
  return { state: {}, changes: new Map(), steps: new Map(), incomplete: new Set(), next: 1 };
}

/**
 * Replays a journal from its beginning.
 * @throws PipelineError `journal.schema` for a journal that another version of the pipeline wrote in another form
 * @throws Error when an entry is missing or out of sequence: such a journal cannot be trusted
 */
export function replay(entries: readonly unknown[]): Replay {
  const out = emptyReplay();
  for (const entry of entries) apply(out, entry as JournalEntry);
  return out;
}

/**
 * Applies one more entry. The engine builds its own state with this, too, so that it never knows more than the journal.
 */
export function apply(to: Replay, entry: JournalEntry): void {
  if (entry.sequence !== to.next)
    throw new Error(`journal entry ${to.next} is missing: ${entry.sequence} came instead`);
  to.next++;
  switch (entry.type) {
    case 'run.started':
      if (entry.schema !== runSchema) throw otherSchema(entry);
      to.run = {
        id: entry.run,
        operation: entry.operation,
        app: entry.app,
        environment: entry.environment,
        startedAt: entry.at,
      };
      to.state = { ...entry.state };
      return;
    case 'run.finished':
      to.outcome = entry.outcome;
      return;
    case 'run.reopened':
      delete to.outcome;
      return;
    case 'state.saved':
      to.state = { ...to.state, ...entry.facts };
      for (const key of entry.cleared ?? []) delete to.state[key];
      return;
    case 'change.intent': {
      const { step, action, target, token, data, undoing } = entry;
      to.changes.set(entry.sequence, { step, action, target, token, data, undoing });
      return;
    }
    case 'change.outcome':
      endChange(to, entry);
      return;
    case 'completion.failed':
      to.incomplete.add(entry.step);
      return;
    case 'completion.finished':
      to.incomplete.delete(entry.step);
      return;
    default:
      to.steps.set(entry.step, statusAfter[entry.type]);
      if (entry.type === 'undo.started') to.undoBegan = true;
  }
}

function otherSchema({ run, app, schema = 1 }: { run: string; app: string; schema?: number }): PipelineError {
  return new PipelineError(
    'journal.schema',
    `the journal of run ${run} has schema ${schema}, and this version of the pipeline reads schema ${runSchema}`,
    { fix: `undo that run with the version of the pipeline that started it: pipeline abort ${app}` },
  );
}

const statusAfter = {
  'step.started': 'running',
  'step.finished': 'done',
  'step.skipped': 'skipped',
  'step.failed': 'failed',
  'undo.started': 'undoing',
  'undo.finished': 'undone',
  'undo.failed': 'failed',
} as const satisfies Record<string, StepStatus>;

function endChange(to: Replay, entry: Extract<JournalEntry, { type: 'change.outcome' }>): void {
  const change = to.changes.get(entry.intent);
  if (!change) throw new Error(`journal entry ${entry.sequence} ends a change that was never begun: ${entry.intent}`);
  if (isEnded(change)) throw new Error(`journal entry ${entry.sequence} ends change ${entry.intent} a second time`);
  // A new object, as readers may keep the previous one.
  const ended = entry.ok ? { ...change, result: entry.result ?? null } : { ...change, error: entry.error };
  to.changes.set(entry.intent, ended);
}

/** False while it is unknown whether a change was made, as the run stopped between intent and outcome. */
export function isEnded(change: JournaledChange): boolean {
  return change.result !== undefined || change.error !== undefined;
}

/**
 * The idempotency token of a change: 32 hex digits, so it fits every ClientToken of AWS (64 characters).
 * @param ordinal Number of equal changes of the run that have succeeded. A repetition of one that failed or has an
 * unknown result gets the same token, so that the cloud recognizes the request.
 */
export function idempotencyToken(run: string, step: string, action: string, target: string, ordinal: number): string {
  return createHash('sha256')
    .update(JSON.stringify([run, step, action, target, ordinal]))
    .digest('hex')
    .slice(0, 32);
}
