import type { Ledger, ReleaseRecord, RunRecord } from '../ledger/types.ts';

/** The release that serves, in `status --json`. What the ledger does not know is null. */
export interface ServedRelease {
  version: string;
  commit: string | null;
  ref: string | null;
  /** First line of the commit's message. */
  subject: string | null;
  author: string | null;
  /** Web page of the commit, where the remote is GitHub or GitLab. */
  url: string | null;
  /** ISO time at which the run that brought it ended, and who ran it. */
  since: string | null;
  by: string | null;
  /** That run: a release, or a later rollback to the version. */
  run: string | null;
}

/** How many runs are looked through for the one that brought the version. */
const runsBack = 50;

/** Reads from the ledger what is known of the version that serves. @param urlOf The web page of a commit, if it has one. */
export async function readServed(
  ledger: Pick<Ledger, 'release' | 'runs' | 'run'>,
  { app, version }: { app: string; version: string },
  changesVersion: (operation: string) => boolean,
  urlOf: (commit: string) => Promise<string | undefined>,
): Promise<ServedRelease> {
  const [release, runs] = await Promise.all([ledger.release(app, version), ledger.runs(app, runsBack)]);
  const bringing = bringingRun(runs, version, changesVersion);
  const run = bringing ?? (release && (await ledger.run(release.run)));
  const commit = release?.commit ?? bringing?.commit ?? null;
  return {
    version,
    commit,
    ref: release?.ref ?? null,
    subject: release?.subject ?? null,
    author: release?.author ?? null,
    url: (commit !== null && (await urlOf(commit))) || null,
    ...sinceOf(run, release),
  };
}

/** The last run that led the fleet to the version. @param runs Newest first. */
function bringingRun(
  runs: readonly RunRecord[],
  version: string,
  changesVersion: (operation: string) => boolean,
): RunRecord | undefined {
  return runs.find(
    (run) => changesVersion(run.operation) && (run.outcome === 'done' || run.committed) && run.version === version,
  );
}

function sinceOf(
  run: RunRecord | undefined,
  release: ReleaseRecord | undefined,
): Pick<ServedRelease, 'since' | 'by' | 'run'> {
  return {
    since: run?.finishedAt ?? release?.createdAt ?? null,
    by: run?.by ?? release?.createdBy ?? null,
    run: run?.id ?? release?.run ?? null,
  };
}
