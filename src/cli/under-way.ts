import type { Ledger, LockRecord } from '../ledger/types.ts';
import { type ReleaseUnderWay, readUnderWay } from '../release/active-release.ts';

/** Who is at work on an app, as `--dry-run --json` tells it. */
export interface UnderWay {
  /** Null for a lock that was taken by hand. */
  run: string | null;
  command: string;
  by: string;
  /** ISO time. */
  since: string;
  /** What a release at work brings, what served before it, and whether requests may have reached it. */
  release?: ReleaseUnderWay;
}

/** Who holds the lock of an app; undefined when it is free. */
export async function findUnderWay(ledger: Ledger, app: string): Promise<UnderWay | undefined> {
  const lock = await ledger.lockOf(app);
  if (!lock) return undefined;
  const run = lock.run === undefined ? undefined : await ledger.run(lock.run);
  const release = run && (await readUnderWay({ ledger }, run));
  const { run: id = null, command, since } = lock;
  return { run: id, command, by: byOf(lock), since, ...(release && { release }) };
}

const byOf = ({ owner, host }: LockRecord): string => `${owner}@${host}`;

/** What a release brings and what serves meanwhile, as the second half of a sentence. */
export function describeVersions({ version = 'a new version', previous, moved }: ReleaseUnderWay): string {
  const before = previous ?? 'nothing';
  return moved
    ? `it brings ${version}, which requests may reach already; ${before} served before it`
    : `it brings ${version}, which no request has reached; ${before} serves`;
}

/** What a plan is worth while another is at work. */
export function describeUnderWay({ run, command, by, since, release }: UnderWay): string {
  const who = `${by}'s "${command}"${run === null ? '' : ` (run ${run})`} is under way since ${since}`;
  const versions = release ? `: ${describeVersions(release)}` : '';
  return `${who}${versions}. Until it has ended this would be refused (exit 5); the plan is for the fleet as it is now`;
}
