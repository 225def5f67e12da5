import type { AccessLog } from './access.ts';
import type { Holds } from './holds.ts';
import type { Outbox } from './outbox.ts';
import type { EvidenceStore } from './run-evidence.ts';

/** A release: immutable except for `state`, `image`, `knownGood` and `rolledBackAt`. */
export interface ReleaseRecord {
  app: string;
  environment: string;
  /** `v42`. */
  version: string;
  commit: string;
  /** The requested ref: a branch, tag or hash. */
  ref: string;
  /** First line of the commit's message, and its author's name; absent in records from before these fields existed. */
  subject?: string;
  author?: string;
  /** Commit of the project that its plays ran from; absent in records from before this field existed. */
  projectCommit?: string;
  /** The commit is a snapshot of uncommitted files. */
  projectSnapshot?: true;
  /** ISO time. */
  createdAt: string;
  createdBy: string;
  run: string;
  state: 'building' | 'released' | 'failed';
  image?: {
    region: string;
    imageId: string;
    name: string;
    /** ISO time at which the image was deleted; a deleted image is not a rollback target. */
    deletedAt?: string;
  };
  /** Digest of the settings that it was built with, salted with the id of its run; absent in records from before it was kept. */
  configuration?: string;
  /** What it has done about the migration that its configuration has, once it is released; absent for one without a migration. */
  migration?: 'run' | 'skipped';
  /** Image that the bake was based on. */
  baseImageId?: string;
  /** True when it has served for a whole verify window. */
  knownGood: boolean;
  /** ISO time at which it was rolled back; removed when it serves again. */
  rolledBackAt?: string;
  /** Why earlier versions can no longer work with the data. */
  irreversible?: string;
}

/** What a release brings: commits since the version that served. */
export interface CommitsSince {
  /** The version that served. */
  version: string;
  /** Numbers of commits that are new, and of those that would be gone; at most 1000 in all. */
  added: number;
  removed: number;
  /** The newest ones that are new. */
  commits: { commit: string; subject: string; author: string }[];
}

/** One execution of an operation. */
export interface RunRecord {
  id: string;
  operation: string;
  app: string;
  environment: string;
  startedAt: string;
  finishedAt?: string;
  by: string;
  host: string;
  command: string;
  /** Why it began in spite of a hold. */
  emergency?: string;
  outcome?: string;
  /** It had committed its work when it ended: what it brought stays, whatever the outcome. */
  committed?: true;
  version?: string;
  previous?: string;
  /** The released commit, and the commit of the project that its plays ran from. */
  commit?: string;
  projectCommit?: string;
  /** Of a release: what it brought. */
  since?: CommitsSince;
  seconds?: number;
  steps: { id: string; title: string; status: string; seconds: number }[];
  /** Why it did not end as `done`, without secrets; absent in records from before this field existed. */
  error?: RunError;
  /** The signal that interrupted it: it decides the exit code. */
  signal?: string;
  /**
   * The hooks of its end: `true` when the process that recorded that has begun them, so that no other one runs them; `due` while they wait
   * for what the run was undone for.
   */
  endHooks?: true | 'due';
  /** What failed without changing the outcome, a line each. */
  warnings?: string[];
}

/** An error as records keep it. */
export interface RunError {
  code: string;
  message: string;
  fix?: string;
  details: string[];
}

/** The owner of the lock of an app in an environment. */
export interface LockRecord {
  app: string;
  environment: string;
  owner: string;
  host: string;
  command: string;
  run?: string;
  reason?: string;
  /** ISO times. */
  since: string;
  heartbeat: string;
  expires: string;
  /** Grows with each acquisition; writes of an older owner are refused. */
  fence: number;
}

/** A lock held by this process. */
export interface HeldLock {
  readonly record: LockRecord;
  /** Aborted when another run has taken the lease. */
  readonly lost: AbortSignal;
  /**
   * Resolves while the lease is valid; renews one that has ended without a heartbeat, if nobody has taken the lock. To be awaited
   * before each change.
   * @throws PipelineError `lock.lost` naming who took it; errors of the ledger
   */
  confirm(): Promise<void>;
  /** Aborted by a request to abort this run; the reason has who requested it and why. */
  readonly abortRequested: AbortSignal;
  /** Set when the lock was taken over from an expired lease, or from an exited process on this host, for a note. */
  readonly takenOver?: { from: LockRecord; why: 'expired' | 'process gone' };
  release(): Promise<void>;
}

/** The shared record of an environment. */
export interface Ledger {
  /**
   * Reserves the next version number of the app: concurrent callers never get the same.
   * @param above A number that the version must exceed: the highest one in the cloud.
   */
  reserveRelease(
    release: Omit<ReleaseRecord, 'version' | 'state' | 'knownGood'>,
    options?: { above?: number },
  ): Promise<ReleaseRecord>;
  /** Adds a record that is missing. An existing one is never overwritten; the result is then false. */
  addRelease(record: ReleaseRecord): Promise<boolean>;
  updateRelease(
    app: string,
    version: string,
    facts: Partial<Pick<ReleaseRecord, 'state' | 'image' | 'knownGood' | 'rolledBackAt' | 'baseImageId'>>,
  ): Promise<ReleaseRecord>;
  release(app: string, version: string): Promise<ReleaseRecord | undefined>;
  /** Oldest first. */
  releases(app: string): Promise<ReleaseRecord[]>;
  saveRun(run: RunRecord): Promise<void>;
  /**
   * Changes the record of a run whatever others write meanwhile: `change` gets it as it is, once more after each of their changes.
   * @returns the record as it was written; undefined when there is none, or `change` gave nothing
   */
  updateRun(id: string, change: (run: RunRecord) => RunRecord | undefined): Promise<RunRecord | undefined>;
  /** Newest first. */
  runs(app: string, limit?: number): Promise<RunRecord[]>;
  run(id: string): Promise<RunRecord | undefined>;
  /** What is on hold: refused to releases and to changes of size. */
  readonly holds: Holds;
  /** What was collected where runs failed. */
  readonly evidence: EvidenceStore;
  /** Who logged in to instances, or ran commands there. */
  readonly access: AccessLog;
  /** Notifications, until they are delivered. */
  readonly outbox: Outbox;
  /** Ids of the app's runs that start with `prefix`, newest first; no record is read. */
  runIds(app: string, prefix: string): Promise<string[]>;
  /** Appends one journal entry; the sequence number must be the next. */
  appendJournal(run: string, sequence: number, entry: unknown): Promise<void>;
  journal(run: string): Promise<unknown[]>;
  /** The entries from a sequence number on: one read for each, and one more that finds none. */
  journalFrom(run: string, sequence: number): Promise<unknown[]>;
  /**
   * Takes the lock of an app, also from a holder that is gone. One on another computer is known to be gone when its lock was not renewed
   * for a whole lease while this process watched; `onWatch` is called before that, with the holder and the milliseconds that it takes.
   * @throws PipelineError `lock.held` (outcome `locked`) naming owner, command and since when
   */
  lock(
    app: string,
    holder: {
      command: string;
      run?: string;
      reason?: string;
      onWatch?: (holder: LockRecord, ms: number) => void;
    },
  ): Promise<HeldLock>;
  /** The holder of a lock by the clock of this computer: only to be shown. */
  lockOf(app: string): Promise<LockRecord | undefined>;
  /** The holder of a lock, to be acted upon: one that seems to be gone is watched first, as by {@link lock}. */
  findHolder(app: string, onWatch?: (holder: LockRecord, ms: number) => void): Promise<LockRecord | undefined>;
  /** Requests that the run holding this lock undo its work and exit; see {@link HeldLock.abortRequested}. */
  requestAbort(lock: LockRecord, request: { by: string; reason: string }): Promise<void>;
}
