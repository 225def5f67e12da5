import type { CommitsSince, RunError, RunRecord } from './types.ts';

/** What a notification is about. `undone`: what an unfinished run had left is undone; `test`: somebody tries a target. */
export type Occasion =
  | 'started'
  | 'released'
  | 'rolled-back'
  | 'failed'
  | 'undone'
  | 'hold'
  | 'unhold'
  | 'scale'
  | 'test';

/** What a run announces when it is done; a restart only announces its failure. */
export type Brings = 'released' | 'rolled-back' | 'scale' | 'restarted';

/** The facts of a notification, without secrets. Each target makes its own text of them. */
export interface Notification {
  /** Run, or the beginning of a hold; occasion; target. The same one is never recorded twice. */
  id: string;
  occasion: Occasion;
  /** Absent for a hold of a whole environment. */
  app?: string;
  environment: string;
  /** ISO time of what it is about. */
  at: string;
  by: string;
  /** What the run is, or was, to bring: for the words of its start and of its failure. */
  brings?: Brings;
  run?: Pick<RunRecord, 'id' | 'operation' | 'command' | 'startedAt' | 'seconds' | 'outcome' | 'steps'>;
  /** The version that it brings, and the one that served before. */
  version?: string;
  previous?: string;
  /** The version that serves now, as far as the run knows. */
  serving?: string;
  commit?: string;
  since?: CommitsSince;
  error?: Pick<RunError, 'code' | 'message' | 'fix'>;
  /** The command that undoes it. */
  undo?: string;
  size?: { to?: number; before?: number; at?: string; until?: string; canceled?: true };
  hold?: { reason: string; until?: string };
  /** Set at delivery: a later one of the same app says otherwise. */
  overtaken?: true;
}

/** What a target has answered and needs for the next notification of the same run, such as the id of a message; no secrets. */
export type Receipt = Readonly<Record<string, string | number>>;

/** A notification on its way to one target. */
export interface OutboxRecord {
  notification: Notification;
  /** Name of the target, and the app whose configuration has it. */
  target: string;
  configuredBy: string;
  /** ISO time at which it was recorded. */
  recordedAt: string;
  /** `failed`: not tried again; `superseded`: a later notification of the same run says more. */
  state: 'waiting' | 'delivered' | 'failed' | 'superseded';
  /** Finished attempts, without those for which this computer lacked a token. */
  attempts: number;
  /** ISO time before which it is not tried again. */
  nextAt: string;
  /** Who delivers it now, and until when nobody else does. */
  claim?: { by: string; until: string };
  /** Why the last attempt failed, or why there is no other; without secrets. */
  reason?: string;
  /** ISO time of the end, whichever it was. */
  endedAt?: string;
  receipt?: Receipt;
}
