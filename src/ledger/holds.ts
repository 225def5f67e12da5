import type { Clock } from '@golden-pipeline/shared/clock';
import { PipelineError } from '@golden-pipeline/shared/errors';
import { appName } from '../config/names.ts';
import { instantOf, instantText } from '../shared/instant.ts';
import { encode, readRecord } from './records.ts';
import type { Store } from './store.ts';

/** What is on hold: an app in the environment of the ledger, or everything in it. */
export type HoldScope = { app: string } | 'environment';

/** A hold: nothing is released or scaled until it ends. It has no process, so it does not expire as a lock does. */
export interface HoldRecord {
  /** The app; absent for a hold of the whole environment. */
  app?: string;
  environment: string;
  reason: string;
  by: string;
  /** ISO times; without `until` it stays until somebody ends it. */
  since: string;
  until?: string;
  /** Set when somebody has ended it. */
  ended?: { by: string; at: string };
}

/** The holds of an environment; each scope has one record, which stays when it has ended. */
export interface Holds {
  /** Those in force now that stop a run of the app: its own and that of the environment. */
  inForce(app: string): Promise<HoldRecord[]>;
  /** @throws PipelineError `hold.exists` (outcome `locked`) naming the one in force */
  place(scope: HoldScope, hold: { reason: string; by: string; until?: number }): Promise<HoldRecord>;
  /** Ends the one in force, and returns it; undefined when there is none. */
  end(scope: HoldScope, by: string): Promise<HoldRecord | undefined>;
}

/** The holds in a store. Writes are conditional: of two at once one is refused or sees the other. */
export function createHolds(store: Store, { environment, clock }: { environment: string; clock: Clock }): Holds {
  const read = (scope: HoldScope) => readRecord<HoldRecord>(store, holdKey(scope));
  const isInForce = ({ ended, until }: HoldRecord) =>
    ended === undefined && (until === undefined || instantOf(until) > clock.now());

  return {
    async inForce(app) {
      const found = await Promise.all([read('environment'), read({ app })]);
      return found.flatMap((one) => (one && isInForce(one.value) ? [one.value] : []));
    },
    async place(scope, { reason, by, until }) {
      const record: HoldRecord = {
        ...(scope !== 'environment' && { app: scope.app }),
        ...{ environment, reason, by, since: instantText(clock.now()) },
        ...(until !== undefined && { until: instantText(until) }),
      };
      for (;;) {
        const seen = await read(scope);
        if (seen && isInForce(seen.value)) throw holdExists(seen.value);
        const condition = seen ? { ifMatch: seen.etag } : 'if-absent';
        if ((await store.put(holdKey(scope), encode(record), condition)).written) return record;
      }
    },
    async end(scope, by) {
      for (;;) {
        const seen = await read(scope);
        if (!seen || !isInForce(seen.value)) return undefined;
        const ended: HoldRecord = { ...seen.value, ended: { by, at: instantText(clock.now()) } };
        if ((await store.put(holdKey(scope), encode(ended), { ifMatch: seen.etag })).written) return ended;
      }
    },
  };
}

const holdKey = (scope: HoldScope): string =>
  scope === 'environment' ? 'holds/environment' : `holds/apps/${appName(scope.app)}`;

function holdExists(hold: HoldRecord): PipelineError {
  return new PipelineError('hold.exists', `${describeHold(hold)} already`, {
    outcome: 'locked',
    fix: `to place another one, end this one first: ${unholdCommand(hold)}`,
  });
}

/** `api in production is on hold by ann since …, until …: reason`, with ISO times. */
export function describeHold({ app, environment, reason, by, since, until }: HoldRecord): string {
  const what = app === undefined ? `everything in ${environment}` : `${app} in ${environment}`;
  return `${what} is on hold by ${by} since ${since}${until === undefined ? '' : `, until ${until}`} ("${reason}")`;
}

/** The command that ends a hold. */
export function unholdCommand({ app, environment }: Pick<HoldRecord, 'app' | 'environment'>): string {
  return `pipeline unhold${app === undefined ? '' : ` ${app}`} --env ${environment}`;
}
