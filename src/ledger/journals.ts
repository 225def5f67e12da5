import { PipelineError } from '@golden-pipeline/shared/errors';
import { show } from '@golden-pipeline/shared/text';
import { isRunId } from '../engine/run-id.ts';
import { encode, readRecord } from './records.ts';
import type { Store } from './store.ts';

/** The journals of runs: one key per entry, so that appending is a single create. */
export interface Journals {
  append(run: string, sequence: number, entry: unknown): Promise<void>;
  read(run: string): Promise<unknown[]>;
  /** The entries from `sequence` on. An entry is never changed, so the read that finds none is all that following a journal costs. */
  readFrom(run: string, sequence: number): Promise<unknown[]>;
}

/** @param guard Rejects when the writer of a run has lost its lock. */
export function createJournals(store: Store, guard: (run: string) => Promise<void>): Journals {
  return {
    async append(run, sequence, entry) {
      const key = entryKey(run, sequence);
      await guard(run);
      if (sequence > 1 && !(await store.get(entryKey(run, sequence - 1)))) {
        throw conflict(run, sequence, `entry ${sequence - 1} is missing`);
      }
      const put = await store.put(key, encode({ entry: entry ?? null }), 'if-absent');
      if (!put.written) throw conflict(run, sequence, 'another process has written it');
    },
    async read(run) {
      if (!isRunId(run)) return [];
      const keys = await store.list(`journal/${run}/`);
      const records = await Promise.all(keys.map((key) => readRecord<{ entry: unknown }>(store, key)));
      return records.flatMap((record) => (record ? [record.value.entry] : []));
    },
    async readFrom(run, sequence) {
      const entries: unknown[] = [];
      for (let next = sequence; ; next++) {
        const record = await readRecord<{ entry: unknown }>(store, entryKey(run, next));
        if (!record) return entries;
        entries.push(record.value.entry);
      }
    },
  };
}

/** Six digits, so that the store's order is that of the journal. */
function entryKey(run: string, sequence: number): string {
  if (!isRunId(run)) throw new PipelineError('run.id', `${show(run)} is not an id of a run`, { outcome: 'usage' });
  if (!Number.isInteger(sequence) || sequence < 1 || sequence > 999_999)
    throw new Error(`no place in a journal: ${sequence}`);
  return `journal/${run}/${String(sequence).padStart(6, '0')}`;
}

function conflict(run: string, sequence: number, why: string): PipelineError {
  return new PipelineError(
    'journal.conflict',
    `entry ${sequence} of the journal of run ${run} cannot be written: ${why}`,
    {
      fix: 'only one process may carry out a run; look for the other one',
    },
  );
}
