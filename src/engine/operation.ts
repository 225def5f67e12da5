import type { Clock } from '@golden-pipeline/shared/clock';
import type { Outcome } from '@golden-pipeline/shared/errors';
import type { RunHeadline } from './events.ts';
import type { Replay } from './journal.ts';
import type { Step } from './step.ts';

/** What a run does, before it starts, about another one whose process has crashed: undo it, refuse to start, or leave it alone. */
export type InterruptedPolicy = 'undo' | 'refuse' | 'ignore';

/** What an operation is to others: the runner decides by this, never by a name. */
export interface OperationTraits {
  /** As in records, journals and events. */
  readonly name: string;
  /** A rollback may end a run of it, and undo what it changed. */
  readonly preemptible: boolean;
  /** It decides which version serves: a later one that stands makes an interrupted one before it obsolete. */
  readonly changesVersion: boolean;
  /** What a run that builds on the fleet does first about an interrupted run of this operation. */
  readonly onInterrupted: InterruptedPolicy;
  /**
   * What is announced when a run of it is done; its start and its failures are announced, too. Of `restarted` only the failures are, as a
   * restart changes nothing. Without it nothing is announced.
   */
  readonly announces?: 'released' | 'rolled-back' | 'scale' | 'restarted';
  /** A hold keeps a run of it from beginning. */
  readonly stoppedByHolds?: boolean;
  /**
   * What this operation does first about an interrupted run of another, where the fleet as it was left would be in its way. Without it
   * interrupted runs are left alone.
   */
  beforeStart?(interrupted: OperationTraits): InterruptedPolicy;
}

/** For operations that work on instances: what a rollback may end would be in their way, the size of the fleet is not. */
export function undoPreemptible({ preemptible, onInterrupted }: OperationTraits): InterruptedPolicy {
  return onInterrupted === 'undo' && !preemptible ? 'ignore' : onInterrupted;
}

/** How a run has ended. */
export interface RunEnd {
  outcome: Outcome;
  /** It had committed its work: what it brought stays, whatever the outcome. */
  committed: boolean;
}

/** A run that has ended, and what is needed to react to that. */
export interface EndedRun {
  operation: string;
  run: string;
  /** Why it did not end as `done`, in words without secrets. */
  error?: string;
  clock: Clock;
  signal: AbortSignal;
  /** Says what is done meanwhile, a line each. */
  report(line: string): void;
}

/** What a run has done to the traffic, as its journal tells. */
export interface VersionMove {
  /** The version that it brings, and the one that served before it, as far as it got to know them. */
  version?: string;
  previous?: string;
  /** Requests may have reached the version that it brings. */
  moved: boolean;
}

/**
 * An operation as the registry knows it: what another process needs to go on with a run of it, to undo it or to report it.
 * `Project` is what its steps need of the project's own code, e.g. its tasks.
 */
export interface Operation<Services, State, Project = unknown> extends OperationTraits {
  /** The procedure of a run with these facts, which may come from its journal. */
  steps(
    state: State,
    given: { services: Services; project: Project },
  ): readonly Step<Services, State>[] | Promise<readonly Step<Services, State>[]>;
  /** What the JSON document and the record of a run say of it, e.g. `{ version, previous, method }`. */
  summary(state: State, services: Services): Record<string, unknown>;
  /** What a run is about, for the readers of its events; without it they know operation, app and environment only. */
  headline?(state: State, services: Services): RunHeadline;
  /** The command that undoes a run which was done; undefined when there is none. */
  undoCommand(state: State, services: Services): string | undefined;
  /** Why an unfinished run cannot be continued forwards, e.g. as the fleet has changed since; undefined when it can. It only reads. */
  cannotContinue?(journal: Replay, services: Services): Promise<string | undefined>;
  /**
   * Whether the same command would ask for the same now: then it continues an unfinished run with these facts. Without it such a run is
   * only continued on request.
   */
  isSameRequest?(journal: Replay, services: Services, now: number): Promise<boolean>;
  /**
   * What is done last of all, when the run has ended, is recorded, and holds no lock any more; undefined when there is nothing to do. It
   * changes nothing of the outcome, is not repeated, and resolves with warnings, a line each.
   */
  afterEnd?(end: RunEnd, state: State, services: Services): ((ended: EndedRun) => Promise<string[]>) | undefined;
  /** Only for an operation that brings a version: how far it has come with that. */
  versionMove?(journal: Replay): VersionMove;
}

/** Facts of a run as its journal has them: which ones is known to the operation that wrote them. */
export type JournaledFacts = Record<string, unknown>;

/**
 * An operation as the registry holds it, beside others with other facts. It gets facts from its own plans and from journals of its own
 * runs only, so they are those that it has written.
 */
export function registered<Services, State, Project>(
  operation: Operation<Services, State, Project>,
): Operation<Services, JournaledFacts, Project> {
  return operation as Operation<Services, JournaledFacts, Project>;
}
