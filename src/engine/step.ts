import type { Clock } from '@golden-pipeline/shared/clock';
import type { Poll } from './poll.ts';

/** A change of the cloud as the journal knows it. No `result` and no `error`: the run ended between intent and outcome. */
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

/** What a step says before it changes something. */
export interface ChangeIntent {
  /** Verb and noun, e.g. `enter-standby`, `create-image`. */
  action: string;
  /** Id or name of what is changed. */
  target: string;
  /** What an undo or a resume must know; never a secret. */
  data?: Record<string, unknown>;
}

/**
 * What a step works with. `Services` are the ports (cloud, hosts, ledger, fleet); `State` are the run's facts, plain data that
 * is journaled, so that another machine can go on or undo.
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
  /** Adds facts and journals them. */
  save(facts: Partial<State>): Promise<void>;
  /** Says how far a long wait is. */
  progress(message: string, amount?: { done: number; total: number }): void;
  /** Says something worth keeping. */
  note(message: string): void;
  /**
   * Makes a change: journals the intent, calls `apply` with the idempotency token, journals the outcome.
   * Resolves with what `apply` returned (it must be plain data); rejects as it did.
   */
  change<T>(intent: ChangeIntent, apply: (token: string) => Promise<T>): Promise<T>;
  /** The changes of this step so far, oldest first; also those of an earlier process. */
  changes(): readonly JournaledChange[];
  /** The same of all steps of the run: what an undo finds is the run's own only if one of these gave it. */
  changesOfRun(): readonly JournaledChange[];
}

/** A unit of a run. `run` must be repeatable: it observes the cloud before it changes it. */
export interface Step<Services, State> {
  readonly id: string;
  readonly title: string;
  /**
   * True: once this step is done, the work of the run stands. What fails or is interrupted after it undoes only the steps after it.
   */
  readonly commits?: boolean;
  /**
   * Id of the later step that ends in the ordinary course what this one began, e.g. starts consumers that it stopped. While that one
   * is not done, this one is undone however the run ends, also when a step in between commits.
   */
  readonly endedBy?: string;
  /**
   * Only for a wait: the time, in milliseconds since the epoch, until which nothing is done. The command line makes the steps before it a
   * run of their own, holds no lock meanwhile, so that others can work on the app, and then runs the steps after it, also on Ctrl-C.
   */
  restsUntil?(state: State): number;
  /** What it will do, one line each, for the plan. It only reads. */
  describe(context: PlanContext<Services, State>): string[] | Promise<string[]>;
  /** Why there is nothing to do; undefined when there is. It only reads. */
  skip?(context: RunContext<Services, State>): Promise<string | undefined>;
  run(context: RunContext<Services, State>): Promise<void>;
  /**
   * Puts back what {@link run} changed, judged by `context.changes()` and the cloud as it is; nothing to do is no error.
   * Called for a step that failed halfway too. It throws when something is left, with what is left in the message.
   */
  undo?(context: RunContext<Services, State>): Promise<void>;
}

/** What `describe` may use. */
export type PlanContext<Services, State> = Pick<RunContext<Services, State>, 'services' | 'state' | 'clock'>;

/** An operation as data: `--dry-run` prints it and `execute` runs the very same object. */
export interface Plan<Services, State> {
  readonly operation: string;
  readonly app: string;
  readonly environment: string;
  readonly steps: readonly Step<Services, State>[];
  readonly initial: State;
  /** Lines of `describe`, by step id. */
  readonly described: Readonly<Record<string, string[]>>;
}
