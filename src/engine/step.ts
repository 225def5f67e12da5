import type { Clock } from '@golden-pipeline/shared/clock';
import type { Redact } from '../shared/redact.ts';
import type { EvidenceReport } from './events.ts';
import type { Poll } from './poll.ts';

/** A change of the cloud in the journal. Without `result` and `error` the run stopped between intent and outcome. */
export interface JournaledChange {
  step: string;
  action: string;
  target: string;
  /** Idempotency token: the same for a repetition of the same change in the same run. */
  token: string;
  data: Record<string, unknown>;
  result?: unknown;
  error?: string;
  /** Set when it was made while undoing. */
  undoing: boolean;
}

/** The intent of a change, journaled before it. */
export interface ChangeIntent {
  /** Verb and noun, e.g. `enter-standby`, `create-image`. */
  action: string;
  /** Id or name of what is changed. */
  target: string;
  /** What an undo or a resume needs to know; never a secret. */
  data?: Record<string, unknown>;
}

/**
 * The context of a step. `Services` are the ports (cloud, hosts, ledger, fleet); `State` are the run's facts, plain
 * data that is journaled, so that another host can resume or undo the run.
 */
export interface RunContext<Services, State> {
  readonly run: { id: string; operation: string; app: string; environment: string; startedAt: number };
  readonly services: Services;
  /** Facts found so far; write through {@link save}. */
  readonly state: Readonly<State>;
  readonly clock: Clock;
  readonly poll: Poll;
  /** Aborts on the first Ctrl-C. */
  readonly signal: AbortSignal;
  /** The step is completed after the run has stopped, maybe hours later and by another process: others may have acted since. */
  readonly completing?: boolean;
  /** Adds facts and journals them. */
  readonly save: (facts: Partial<State>) => Promise<void>;
  /** Says how far a long wait is. */
  progress(message: string, amount?: { done: number; total: number } | { endsAt: number }): void;
  /**
   * Says that a wait of known length begins, in seconds from now. Readers count down to its end, also those that follow the run by its
   * journal.
   */
  window(message: string, seconds: number): Promise<void>;
  /** Reports something that is kept in the record. */
  note(message: string): void;
  /** Reports what was collected about the failure of the step. */
  evidence(report: EvidenceReport): void;
  /** Removes secrets from what is written elsewhere than to the journal and to events, which are without them anyway. */
  readonly redact: Redact;
  /** Passes on a line that a command has printed. */
  output(line: string): void;
  /**
   * Makes a change: journals the intent, calls `apply` with the idempotency token, journals the outcome.
   * Resolves with what `apply` returned (it must be plain data); rejects as it did.
   */
  change<T>(intent: ChangeIntent, apply: (token: string) => Promise<T>): Promise<T>;
  /** The changes of this step so far, oldest first; also those of an earlier process. */
  changes(): readonly JournaledChange[];
  /**
   * The changes of all steps of the run: what an undo finds in the cloud is the run's own only if one of these created
   * it.
   */
  changesOfRun(): readonly JournaledChange[];
}

/**
 * A unit of a run. `run` must be repeatable: it observes the cloud before it changes it. `State` is what it needs of the run's facts: its
 * functions are properties, so that the compiler refuses it in a plan whose state lacks one of them.
 */
export interface Step<Services, State> {
  readonly id: string;
  readonly title: string;
  /**
   * True: once this step is done, the run is committed. A later failure or interruption undoes only the steps after it.
   */
  readonly commits?: boolean;
  /**
   * Id of the later step that normally reverses this one, e.g. by starting consumers that this one has stopped. Until
   * that step is done, this one is undone with any outcome of the run, also when a step in between commits.
   */
  readonly endedBy?: string;
  /**
   * Only for a wait: the time, in milliseconds since the epoch, until which nothing is done. The steps before it are
   * executed as a separate run. The lock is released during the wait, so that others can change the app, and the steps
   * after it are then executed, also on Ctrl-C.
   */
  readonly restsUntil?: (state: State) => number;
  /** What it will do, one line each, for the plan. It only reads. */
  readonly describe: (context: PlanContext<Services, State>) => string[] | Promise<string[]>;
  /** What the cloud has of it, in a few words, for whoever continues the run; undefined when there is nothing to see. It only reads. */
  readonly find?: (context: FindContext<Services, State>) => Promise<string | undefined>;
  /** Why there is nothing to do; undefined when there is. It only reads. */
  readonly skip?: (context: RunContext<Services, State>) => Promise<string | undefined>;
  readonly run: (context: RunContext<Services, State>) => Promise<void>;
  /**
   * Undoes what {@link run} has changed, according to `context.changes()` and the current state of the cloud; having
   * nothing to do is not an error. It is also called for a step that failed halfway. It throws when something could not
   * be undone, and names that in the message.
   */
  readonly undo?: (context: RunContext<Services, State>) => Promise<void>;
  /**
   * Only for a step behind one that commits: makes what was committed whole, when the run stops before this step is done. It replaces the
   * undo, has to be repeatable, and should be quick: an interruption does not stop it. It throws when something could not be made.
   */
  readonly complete?: (context: RunContext<Services, State>) => Promise<void>;
  /**
   * Removes what this step keeps for as long as the run lasts, e.g. its tags on a group. Called after everything else, if the step has
   * changed something, with every outcome but manual intervention: then what it keeps is needed to repair the fleet. A failure is noted
   * and changes nothing of the outcome.
   */
  readonly atEnd?: (context: RunContext<Services, State>) => Promise<void>;
}

/** What `find` can use. */
export type FindContext<Services, State> = Pick<RunContext<Services, State>, 'services' | 'state' | 'changes'>;

/** What `describe` can use. */
export type PlanContext<Services, State> = Pick<RunContext<Services, State>, 'services' | 'state' | 'clock'>;

/** An operation as data: `--dry-run` prints it and `execute` runs the same object. */
export interface Plan<Services, State> {
  readonly operation: string;
  readonly app: string;
  readonly environment: string;
  readonly steps: readonly Step<Services, State>[];
  readonly initial: State;
  /** Lines of `describe`, by step id. */
  readonly described: Readonly<Record<string, string[]>>;
}
