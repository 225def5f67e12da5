import type { HoldRecord } from '../ledger/holds.ts';
import type { LockRecord, RunRecord } from '../ledger/types.ts';
import type { StepLine } from './run-facts.ts';

/** The step that a run is in. */
export interface RunningStep {
  run: string;
  step: string;
}

/**
 * What the runner reports beside the events of a run. The codes are stable; the wording is the reporter's. `during` is the step that a
 * run is in meanwhile, if it is in one.
 */
export type RunnerMessage =
  /** A run begins in spite of a hold, for the reason of an emergency. */
  | { code: 'hold.passed'; hold: HoldRecord; emergency: string }
  /** A plan was printed of a run that a hold would stop. */
  | { code: 'hold.in-force'; hold: HoldRecord }
  /** Another run holds the lock that a later segment of this one needs. */
  | { code: 'lock.waiting'; reason: string }
  /** Another run holds the lock that this one waits for before it is planned; `at` and `until` are milliseconds since the epoch. */
  | { code: 'lock.awaited'; holder: LockRecord; at: number; until: number }
  /** It is free after a wait of so many seconds. */
  | { code: 'lock.free'; app: string; seconds: number }
  /** The lock was not renewed in time by the clock of this computer; it is watched before it counts as abandoned. */
  | { code: 'lock.watching'; holder: LockRecord; seconds: number }
  /** The lock was still that of a run whose process has crashed; this run does not undo what that one changed. */
  | { code: 'lock.taken-over'; app: string; run: string; command: string }
  | { code: 'lock.not-released'; app: string; reason: string; expires: string }
  | { code: 'record.not-saved'; run: string; reason: string }
  /** A hook runs after the end of the run: which one, and what it prints. */
  | { code: 'run.after-end'; line: string }
  /** What this run is to announce could not be recorded, so nobody is notified. */
  | { code: 'notification.not-recorded'; run: string; reason: string }
  /** The first signal: the changes of this run are being undone. */
  | { code: 'run.interrupted'; at: number; during?: RunningStep }
  /** Somebody else has requested that this run ends. */
  | { code: 'run.abort-requested'; reason: string; at: number; during?: RunningStep }
  /** The second signal; `open` are the steps whose changes are not undone. */
  | { code: 'run.stopped'; app: string; open: readonly StepLine[] }
  /** The run that holds this lock was requested to undo its changes and finish. */
  | { code: 'run.preempting'; holder: LockRecord }
  | { code: 'run.awaited'; holder: LockRecord }
  /** It has finished; without an outcome its process has crashed. */
  | { code: 'run.finished'; run: string; outcome?: string }
  /** The changes of a crashed run are being undone by this process. */
  | { code: 'run.crashed'; run: RunRecord }
  /** What a run has left that requires manual intervention is being undone once more. */
  | { code: 'run.leftovers'; run: RunRecord }
  /** An unfinished run is continued; `found` is what there is of its steps. */
  | { code: 'run.continued'; run: RunRecord; found: readonly string[] }
  /** A plan was printed of a run that can only be undone. */
  | { code: 'run.undo-planned'; run: RunRecord }
  /** A plan was printed that begins with undoing the changes of an unfinished run. */
  | { code: 'run.recovery-planned'; run: RunRecord }
  | { code: 'undo.started'; title: string }
  | { code: 'undo.leftover'; leftover: string }
  /** This step of a crashed run was finished, and is not undone. */
  | { code: 'undo.kept'; title: string; undoCommand?: string }
  /** This step of a crashed run cannot be undone, only repeated. */
  | { code: 'undo.unsupported'; title: string; command: string }
  | { code: 'undo.interrupted' }
  | { code: 'undo.stopped'; app: string }
  /** A rollback was refused before it ended the run that blocks it. */
  | { code: 'rollback.refused'; app: string; blocking: Blocking }
  /** Undoing the blocking run takes the version that it brings out of the traffic; `method` was requested for what remains. */
  | { code: 'rollback.by-undo'; version?: string; method?: string };

/** A run that blocks another one, as messages and questions name it. */
export interface Blocking {
  run: RunRecord;
  /** Absent for a run whose process has crashed. */
  lock?: LockRecord;
}
