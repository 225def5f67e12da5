/** A release: immutable but for `state`, `image`, `knownGood` and `leftAt`. */
export interface ReleaseRecord {
  app: string;
  environment: string;
  /** `v42`. */
  version: string;
  commit: string;
  /** What was asked for: a branch, tag or hash. */
  ref: string;
  /** Commit of the project that its plays ran from; absent in records from before it was kept. */
  projectCommit?: string;
  /** That commit is a snapshot of files that were not committed. */
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
    /** ISO time since when it is no longer there: what retention has deleted cannot be gone back to. */
    deletedAt?: string;
  };
  /** Image that the bake started from. */
  baseImageId?: string;
  /** It served for a whole verify window. */
  knownGood: boolean;
  /** ISO time at which a rollback went away from it; absent again when it serves anew. */
  leftAt?: string;
  /** Why versions before it cannot work with the data any more. */
  irreversible?: string;
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
  outcome?: string;
  version?: string;
  previous?: string;
  /** What was released, and the commit of the project that its plays ran from. */
  commit?: string;
  projectCommit?: string;
  seconds?: number;
  steps: { id: string; title: string; status: string; seconds: number }[];
}

/** Who holds the lock of an app in an environment. */
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
  /** Grows with each acquisition; writes of an older holder are refused. */
  fence: number;
}

/** A lock held by this process. */
export interface HeldLock {
  readonly record: LockRecord;
  /** Aborted when the lease was lost to another. */
  readonly lost: AbortSignal;
  /** Aborted when somebody has asked for the end of this run, with who and why in its reason. */
  readonly abortRequested: AbortSignal;
  /** Set when it was held by another whose lease had run out, or whose process on this machine is gone. Worth a note. */
  readonly takenOver?: { from: LockRecord; why: 'expired' | 'process gone' };
  release(): Promise<void>;
}

/** The shared record of an environment. */
export interface Ledger {
  /**
   * Takes the next version number for the app: two callers at once never get the same.
   * @param above A number that the version must be above, too: the highest one that the cloud shows.
   */
  reserveRelease(
    release: Omit<ReleaseRecord, 'version' | 'state' | 'knownGood'>,
    options?: { above?: number },
  ): Promise<ReleaseRecord>;
  /** Adds a record that is missing. An existing one is never overwritten: then it resolves with false. */
  addRelease(record: ReleaseRecord): Promise<boolean>;
  updateRelease(
    app: string,
    version: string,
    facts: Partial<Pick<ReleaseRecord, 'state' | 'image' | 'knownGood' | 'leftAt' | 'baseImageId'>>,
  ): Promise<ReleaseRecord>;
  release(app: string, version: string): Promise<ReleaseRecord | undefined>;
  /** Oldest first. */
  releases(app: string): Promise<ReleaseRecord[]>;
  saveRun(run: RunRecord): Promise<void>;
  /** Newest first. */
  runs(app: string, limit?: number): Promise<RunRecord[]>;
  run(id: string): Promise<RunRecord | undefined>;
  /** Appends one journal entry; the sequence number must be the next. */
  appendJournal(run: string, sequence: number, entry: unknown): Promise<void>;
  journal(run: string): Promise<unknown[]>;
  /** Throws PipelineError `lock.held` (outcome `locked`) naming owner, command and since when. An expired lease is taken over. */
  lock(app: string, holder: { command: string; run?: string; reason?: string }): Promise<HeldLock>;
  lockOf(app: string): Promise<LockRecord | undefined>;
  /** Asks the run that holds this very lock to undo its work and end; see {@link HeldLock.abortRequested}. */
  requestAbort(lock: LockRecord, request: { by: string; reason: string }): Promise<void>;
}
