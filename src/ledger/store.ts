/** A stored text and its tag. */
export interface Stored {
  text: string;
  etag: string;
}

/** When a text may be written: always, only as the first under its key, or only over exactly the text that was read. */
export type Condition = 'always' | 'if-absent' | { ifMatch: string };

/** Result of a conditional write; `written: false` means the condition did not hold and nothing was changed. */
export type Written = { written: true; etag: string } | { written: false };

/**
 * A key-value store with conditional writes, as S3 has them (`If-None-Match: *`, `If-Match`). The whole ledger is built
 * on it. Keys are segments of letters, digits, `.`, `_` and `-` with `/` between; no segment starts with a dot. A
 * reader sees a complete text or none; after a write has resolved, every reader sees it.
 */
export interface Store {
  get(key: string): Promise<Stored | undefined>;
  put(key: string, text: string, condition: Condition): Promise<Written>;
  /** Keys that start with `prefix` (whole segments, `releases/api/`), sorted. */
  list(prefix: string): Promise<string[]>;
  delete(key: string): Promise<void>;
}

const segment = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/;

/** @throws Error for an invalid key; callers validate names before, so it is a defect. */
export function checkKey(key: string): string {
  if (key.split('/').every((part) => segment.test(part))) return key;
  throw new Error(`not a key of the store: ${JSON.stringify(key)}`);
}
