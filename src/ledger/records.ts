import { PipelineError, usageError } from '@golden-pipeline/shared/errors';
import { show } from '@golden-pipeline/shared/text';
import type { Store, Stored } from './store.ts';

/**
 * Version of the form of the ledger's records. It is raised with each change that a program of the version before would misread: another
 * meaning of a key, a key that must not be dropped, another name of a record. Every record carries it; those from before it existed are 1.
 */
export const ledgerSchema = 1;

/** A record and the tag of the stored text. */
export interface Read<T> {
  value: T;
  etag: string;
}

/** Text of a record, with the schema, indented so that people can read a ledger after a failure. */
export function encode(value: object): string {
  return `${JSON.stringify({ ...value, schema: ledgerSchema }, null, 2)}\n`;
}

/**
 * Reads a record, without the schema.
 * @throws PipelineError `ledger.corrupt` for a file that is not a JSON object; usage error `ledger.newer` for a record that a newer
 * program has written
 */
export async function readRecord<T>(store: Store, key: string): Promise<Read<T> | undefined> {
  const stored = await store.get(key);
  return stored && { value: decode<T>(key, stored), etag: stored.etag };
}

/**
 * Changes an existing record, and repeats that until no concurrent change interferes; undefined when there is none, or `change` leaves it as
 * it is by giving nothing.
 */
export async function updateRecord<T extends object>(
  store: Store,
  key: string,
  change: (value: T) => T | undefined,
): Promise<T | undefined> {
  for (;;) {
    const read = await readRecord<T>(store, key);
    if (!read) return undefined;
    const value = change(read.value);
    if (!value) return undefined;
    if ((await store.put(key, encode(value), { ifMatch: read.etag })).written) return value;
  }
}

function decode<T>(key: string, { text }: Stored): T {
  const { schema = 1, ...value } = parsed(key, text);
  if (typeof schema === 'number' && schema <= ledgerSchema) return value as T;
  throw usageError(
    'ledger.newer',
    `the ledger's record ${key} has schema ${show(schema)}, and this version of the pipeline reads schema ${ledgerSchema}`,
    'a newer version of the pipeline has written it: update golden-pipeline to the version that the team uses',
  );
}

function parsed(key: string, text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Reported below.
  }
  throw new PipelineError('ledger.corrupt', `the ledger's record ${key} is damaged`, {
    fix: 'put it back from a backup, or move it away if it is not needed',
  });
}
