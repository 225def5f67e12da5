import { PipelineError } from '@golden-pipeline/shared/errors';
import { show } from '@golden-pipeline/shared/text';
import { appName } from '../config/names.ts';
import { isRunId } from '../engine/run-id.ts';
import { encode, readRecord } from './records.ts';
import type { Store } from './store.ts';

/** What somebody did on instances of an app: a command, or a login. It changes no version and holds no lock. */
export interface AccessRecord {
  /** As of a run, so that both sort by time. */
  id: string;
  operation: 'exec' | 'ssh';
  app: string;
  environment: string;
  /** ISO times; without the second one it goes on, or the process that did it was killed. */
  startedAt: string;
  finishedAt?: string;
  by: string;
  host: string;
  /** The command line, without secrets. */
  command: string;
  instances: AccessedInstance[];
}

/** One instance, and how it ended there. */
export interface AccessedInstance {
  id: string;
  version?: string;
  /** Of the command, or of the login shell. */
  exitCode?: number;
  /** Why there is no exit code. */
  error?: string;
}

/** Records of access to instances. */
export interface AccessLog {
  /** Written before the access, and again with its end. */
  save(record: AccessRecord): Promise<void>;
  /** Newest first. */
  list(app: string, limit: number): Promise<AccessRecord[]>;
  /** Ids that start with `prefix`, newest first; no record is read. */
  ids(app: string, prefix: string): Promise<string[]>;
  read(app: string, id: string): Promise<AccessRecord | undefined>;
}

/** The records in a store. */
export function createAccessLog(store: Store): AccessLog {
  const folder = (app: string) => `access/${appName(app)}/`;
  const key = (app: string, id: string) => {
    if (isRunId(id)) return `${folder(app)}${id}`;
    throw new PipelineError('run.id', `${show(id)} is not an id of an access`, { outcome: 'usage' });
  };
  const read = async (app: string, id: string) => (await readRecord<AccessRecord>(store, key(app, id)))?.value;
  const ids = async (app: string, prefix: string) => {
    if (!/^[0-9a-zT-]*$/.test(prefix)) return [];
    const found = (await store.list(folder(app))).map((one) => one.slice(folder(app).length));
    return found.filter((id) => isRunId(id) && id.startsWith(prefix)).reverse();
  };
  return {
    save: async (record) => void (await store.put(key(record.app, record.id), encode(record), 'always')),
    async list(app, limit) {
      const newest = (await ids(app, '')).slice(0, limit);
      const records = await Promise.all(newest.map((id) => read(app, id)));
      return records.filter((record) => record !== undefined);
    },
    ids,
    read: async (app, id) => (isRunId(id) ? read(app, id) : undefined),
  };
}
