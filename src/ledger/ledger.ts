import { join } from 'node:path';
import type { Clock } from '@golden-pipeline/shared/clock';
import { PipelineError, usageError } from '@golden-pipeline/shared/errors';
import { show } from '@golden-pipeline/shared/text';
import { appName, environmentName, versionName } from '../config/names.ts';
import { isRunId } from '../engine/run-id.ts';
import { versionNumber, versionOf, versionPattern } from '../shared/version.ts';
import { watchAborts, writeAbort } from './aborts.ts';
import { createAccessLog } from './access.ts';
import { createFileStore } from './file-store.ts';
import { createHolds } from './holds.ts';
import { createJournals } from './journals.ts';
import { LeaseWatch } from './lease-watch.ts';
import { acquireLock, type Lease, lockHolder } from './lock.ts';
import { publicRecord } from './lock-record.ts';
import { createOutbox } from './outbox.ts';
import { encode, readRecord, updateRecord } from './records.ts';
import { createEvidenceStore } from './run-evidence.ts';
import type { Store } from './store.ts';
import type { Ledger, ReleaseRecord, RunRecord } from './types.ts';

/** The user of the ledger. */
export interface LedgerOptions {
  environment: string;
  clock: Clock;
  identity: { owner: string; host: string };
}

/** Opens the ledger of an environment in a folder (absolute path); several environments may share it. */
export function createFileLedger({ dir, ...options }: LedgerOptions & { dir: string }): Ledger {
  return createLedger(createFileStore(join(dir, environmentName(options.environment)), options.clock), options);
}

/** Opens the ledger on any store. */
export function createLedger(store: Store, { environment, clock, identity }: LedgerOptions): Ledger {
  const held = new Map<string, Lease>();
  const watch = new LeaseWatch(store, clock);
  /** Refuses writes of an owner whose lock another run has taken. */
  const guard = async (app: string): Promise<void> => {
    await held.get(app)?.check();
  };
  const journals = createJournals(store, async (run) => {
    const own = [...held.values()].find((lock) => lock.record.run === run);
    if (own) await guard(own.record.app);
  });
  const release = async (app: string, version: string) => {
    if (!versionPattern.test(version)) return undefined;
    return (await readRecord<ReleaseRecord>(store, releaseKey(app, version)))?.value;
  };

  return {
    async reserveRelease(wanted, { above = 0 } = {}) {
      await guard(wanted.app);
      for (let number = Math.max(above, await lastVersion(store, wanted.app)) + 1; ; number++) {
        const version = versionOf(number);
        const record: ReleaseRecord = { ...wanted, version, state: 'building', knownGood: false };
        const put = await store.put(releaseKey(wanted.app, version), encode(record), 'if-absent');
        if (put.written) return record;
      }
    },
    async addRelease(record) {
      await guard(record.app);
      const key = releaseKey(record.app, versionName(record.version));
      return (await store.put(key, encode(record), 'if-absent')).written;
    },
    async updateRelease(app, version, facts) {
      await guard(app);
      const key = versionPattern.test(version) ? releaseKey(app, version) : undefined;
      const updated = key && (await updateRecord<ReleaseRecord>(store, key, (record) => ({ ...record, ...facts })));
      if (updated) return updated;
      throw usageError(
        'release.unknown',
        `${app} in ${environment} has no release ${show(version)}`,
        `see \`pipeline history ${app}\``,
      );
    },
    release,
    async releases(app) {
      const versions = (await versionNumbers(store, app)).sort((a, b) => a - b);
      const records = await Promise.all(versions.map((number) => release(app, versionOf(number))));
      return records.filter((record) => record !== undefined);
    },
    async saveRun(run) {
      await store.put(runKey(run.id, run.app), encode(run), 'always');
    },
    async runs(app, limit = 50) {
      const suffix = `.${appName(app)}`;
      const keys = (await store.list('runs/'))
        .filter((key) => key.endsWith(suffix))
        .reverse()
        .slice(0, limit);
      const records = await Promise.all(keys.map((key) => readRecord<RunRecord>(store, key)));
      return records.flatMap((record) => (record ? [record.value] : []));
    },
    async runIds(app, prefix) {
      if (!/^[0-9a-zT-]*$/.test(prefix)) return [];
      const suffix = `.${appName(app)}`;
      return (await store.list(`runs/${prefix}`))
        .filter((key) => key.endsWith(suffix))
        .map((key) => key.slice('runs/'.length, -suffix.length))
        .reverse();
    },
    async run(id) {
      const key = await findRunKey(store, id);
      return key === undefined ? undefined : (await readRecord<RunRecord>(store, key))?.value;
    },
    async updateRun(id, change) {
      const key = await findRunKey(store, id);
      return key === undefined ? undefined : updateRecord<RunRecord>(store, key, change);
    },
    holds: createHolds(store, { environment, clock }),
    evidence: createEvidenceStore(store),
    access: createAccessLog(store),
    outbox: createOutbox(store, clock),
    appendJournal: journals.append,
    journal: journals.read,
    journalFrom: journals.readFrom,
    async lock(app, holder) {
      const lock = await acquireLock({
        store,
        key: lockKey(app),
        clock,
        watch,
        app,
        environment,
        ...identity,
        ...holder,
      });
      held.set(app, lock);
      const aborts = watchAborts(store, abortKey(app), lock.record.fence, clock);
      return {
        // The current state, as heartbeats continue to change it.
        get record() {
          return lock.record;
        },
        lost: lock.lost,
        confirm: lock.confirm,
        abortRequested: aborts.signal,
        takenOver: lock.takenOver,
        release: () => {
          aborts.stop();
          return lock.release().finally(() => forget(held, app, lock));
        },
      };
    },
    lockOf: (app) => lockHolder(store, lockKey(app), clock),
    async findHolder(app, onWatch) {
      const { read, free } = await watch.find(lockKey(app), onWatch);
      return read && free === false ? publicRecord(read.value) : undefined;
    },
    requestAbort: (lock, { by, reason }) =>
      writeAbort(store, abortKey(lock.app), lock, { by, reason, at: new Date(clock.now()).toISOString() }),
  };
}

function forget(held: Map<string, Lease>, app: string, lock: Lease): void {
  // A lost lock continues to refuse writes of its run.
  if (held.get(app) === lock && !lock.lost.aborted) held.delete(app);
}

const abortKey = (app: string) => `aborts/${appName(app)}`;
const lockKey = (app: string) => `locks/${appName(app)}`;
const releaseKey = (app: string, version: string) => `releases/${appName(app)}/${version}`;

/** Run and app are both in the key, so that the list alone shows whose run it is. */
function runKey(id: string, app: string): string {
  if (!isRunId(id)) throw new PipelineError('run.id', `${show(id)} is not an id of a run`, { outcome: 'usage' });
  return `runs/${id}.${appName(app)}`;
}

/** The key of a run whose app is not known; undefined when there is none. */
async function findRunKey(store: Store, id: string): Promise<string | undefined> {
  return isRunId(id) ? (await store.list(`runs/${id}.`))[0] : undefined;
}

async function versionNumbers(store: Store, app: string): Promise<number[]> {
  const prefix = `releases/${appName(app)}/`;
  const versions = (await store.list(prefix)).map((key) => key.slice(prefix.length));
  return versions.filter((version) => versionPattern.test(version)).map(versionNumber);
}

async function lastVersion(store: Store, app: string): Promise<number> {
  return (await versionNumbers(store, app)).reduce((a, b) => Math.max(a, b), 0);
}
