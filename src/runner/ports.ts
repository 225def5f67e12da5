import type { Clock } from '@golden-pipeline/shared/clock';
import type { Fleet } from '../config/settings.ts';
import type { Connection } from '../engine/connection.ts';
import type { EventSink } from '../engine/events.ts';
import type { SignalSource } from '../engine/interrupt.ts';
import type { Ledger } from '../ledger/types.ts';
import type { Redact } from '../shared/redact.ts';
import type { AfterEnd } from './after-end.ts';
import type { RunnerMessage } from './messages.ts';
import type { AnyOperation, ProjectTasks } from './operations.ts';

/** Readers of one run's events. */
export interface RunEvents {
  readonly emit: EventSink;
  /** Resolves when everything is shown or written; safe to call twice. */
  close(): Promise<void>;
}

/** Where the runner reports to: a terminal, a page, the memory of a test. */
export interface Reporter {
  report(message: RunnerMessage): void;
  /**
   * Opens the readers of a run's events, before the run begins.
   * @throws usage errors, e.g. for a file that cannot be written
   */
  openEvents(): Promise<RunEvents>;
}

/** Who answers questions. */
export interface Prompter {
  /**
   * Asks for consent. The question is a sentence with its question mark.
   * @throws PipelineError `declined` for a no, and usage error `usage.needs-yes` where nobody can answer
   */
  confirm(question: string): Promise<void>;
}

/** What the runner works with. Everything that belongs to a process, a terminal or a server comes in by it. */
export interface RunnerContext {
  readonly clock: Clock;
  readonly signals: SignalSource;
  readonly reporter: Reporter;
  readonly prompter: Prompter;
  /** What was requested, as a person would type it, for records and locks: without what looks like a secret. */
  readonly command: string;
  /** The computer that runs this, for records. */
  readonly host: string;
  readonly redact: Redact;
  /** The registry of operations. */
  readonly operations: readonly AnyOperation[];
  /** The app's tasks and hooks, loaded when they are needed. */
  readonly project: ProjectTasks;
  /** Begins to deliver what waits in the outbox, beside the run, which does not wait for it. Without it others deliver it. */
  deliverNotifications?(): void;
  /** Of what is urgent: collects what is due after the ends of runs that are undone for it; without it that is done once their locks are released. */
  readonly afterEnds?: AfterEnd[];
  /** Ends everything at once; only for the second signal. */
  exit(code: number): void;
}

/** What the runner itself needs of the ports. */
export interface RunnerServices {
  fleet: Pick<Fleet, 'app' | 'environment' | 'cloud'> & Partial<Pick<Fleet, 'ansible' | 'release' | 'notify'>>;
  ledger: Ledger;
  /** Waits for a broken connection to the cloud while a run is active. */
  connection?: Connection;
  /** Who runs this, for the records. */
  by: string;
}
