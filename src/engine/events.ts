import type { Outcome } from '@golden-pipeline/shared/errors';
import type { ConnectionReport } from './connection.ts';

/** Fields of every event. `at` is milliseconds since the epoch. */
interface EventBase {
  at: number;
  run: string;
}

/** What a run is about, for its readers: known when it begins. */
export interface RunHeadline {
  /** The version that it brings, and the one that serves meanwhile. */
  version?: string;
  previous?: string;
  /** The commit of that version, and the first line of its message. */
  commit?: string;
  subject?: string;
  /** What it does beside that, in a few words, e.g. `to 6 instances`. */
  what?: string;
}

/** How long a run takes, by the last runs like it. */
export interface ExpectedTime {
  /** Medians, in seconds: of the whole run, and of each step by its id. */
  seconds: number;
  steps: Record<string, number>;
  /** Of so many runs. */
  runs: number;
}

/** What was collected where a step failed, before anything was undone; all of it is in the ledger. */
export interface EvidenceReport {
  /** Where logs were read: `lines` counts what is kept, `telling` are the lines that say most, `note` says why there are none. */
  instances: { id: string; state: string; lines: number; telling: string[]; note?: string }[];
  /** Answers that were wrong. */
  probes: { path: string; status: number | null; fault: string }[];
}

/** The events of a run. The codes are stable, as other tools rely on them. */
export type RunEvent = EventBase &
  (
    | {
        code: 'run.started';
        /** `runSchema` of the pipeline that wrote it. */
        schema: number;
        operation: string;
        app: string;
        environment: string;
        steps: { id: string; title: string }[];
        headline?: RunHeadline;
        /** Absent where no run like it has succeeded yet. */
        expected?: ExpectedTime;
      }
    | { code: 'run.finished'; outcome: Outcome; seconds: number; leftovers: string[]; summary: Record<string, unknown> }
    | { code: 'step.started'; step: string; title: string }
    | { code: 'step.progress'; step: string; message: string; done?: number; total?: number; endsAt?: number }
    | { code: 'step.note'; step: string; message: string }
    /** A line that a command of the team has printed. */
    | { code: 'step.output'; step: string; line: string }
    | { code: 'step.finished'; step: string; seconds: number }
    | ({ code: 'step.evidence'; step: string } & EvidenceReport)
    | {
        code: 'step.failed';
        step: string;
        seconds: number;
        error: { code: string; message: string; fix?: string; details: string[] };
      }
    | { code: 'step.skipped'; step: string; reason: string }
    | { code: 'undo.started'; step: string; title: string }
    | { code: 'undo.finished'; step: string; seconds: number }
    | { code: 'undo.failed'; step: string; error: { code: string; message: string } }
    | { code: 'change.intent'; step: string; action: string; target: string; token: string }
    | { code: 'change.outcome'; step: string; action: string; target: string; token: string; ok: boolean }
    | (ConnectionReport & { step: string })
    | { code: 'lock.acquired' | 'lock.released'; app: string; environment: string }
  );

/** Distributes over the union, so that each event keeps its own fields. */
export type NewEvent = RunEvent extends infer E ? (E extends RunEvent ? Omit<E, 'at' | 'run'> : never) : never;

export type EventSink = (event: RunEvent) => void;
