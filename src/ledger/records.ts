import { PipelineError } from '@golden-pipeline/shared/errors';
import type { Store, Stored } from './store.ts';

/** A record and the tag of the stored text. */
export interface Read<T> {
  value: T;
  etag: string;
}

/** Text of a record, indented so that people can read a ledger after a failure. */
export function encode(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** Reads a record. @throws PipelineError `ledger.corrupt` for a file that is not a JSON object */
export async function readRecord<T>(store: Store, key: string): Promise<Read<T> | undefined> {
  const stored = await store.get(key);
  return stored && { value: decode<T>(key, stored), etag: stored.etag };
}

/** Changes an existing record, and repeats that until no concurrent change interferes; undefined when there is none. */
export async function updateRecord<T>(store: Store, key: string, change: (value: T) => T): Promise<T | undefined> {
  for (;;) {
    const read = await readRecord<T>(store, key);
    if (!read) return undefined;
    const value = change(read.value);
    if ((await store.put(key, encode(value), { ifMatch: read.etag })).written) return value;
  }
}

function decode<T>(key: string, { text }: Stored): T {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as T;
  } catch {
    // Reported below.
  }
  throw new PipelineError('ledger.corrupt', `the ledger's record ${key} is damaged`, {
    fix: 'put it back from a backup, or move it away if it is not needed',
  });
}
