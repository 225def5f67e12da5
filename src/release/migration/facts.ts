import type { MigrationTime } from '../../config/schema/migrate.ts';
import type { Host } from '../../hosts/types.ts';
import type { PlayFacts } from '../../plays/facts.ts';

/** The migration of a release; absent for a release without one. */
export interface MigrationFacts {
  migration?: {
    when: MigrationTime;
    /** Where it runs, from before it is started. */
    host?: Host;
    /** How it ended; absent until then. */
    end?: MigrationEnd;
  };
}

export interface MigrationEnd {
  exit: number;
  seconds: number;
}

/** What the document of a run says of it: nothing of its end while that is not known, or was not good. */
export function migrationSummary({ when, host, end }: NonNullable<MigrationFacts['migration']>) {
  return { when, ...(host && { instance: host.instanceId }), ...(end && { ...end }) };
}

/** What a migration needs of a release. */
export interface MigrateFacts extends PlayFacts, MigrationFacts {
  /** What the end of the run says besides its outcome, a line each. */
  warnings?: string[];
  /** Why versions before this one cannot work with the data any more. */
  irreversible?: string;
}
