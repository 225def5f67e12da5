import { compareKeys, lowerBound } from './names.ts';

/** A page of a list: what lies under the prefix, in order, with keys that share a part up to the delimiter as one. */
export interface Page<T> {
  entries: T[];
  prefixes: string[];
  /** Where the next page goes on, when there is one. */
  next?: { key: string; entry?: T };
}

export interface ListQuery<T> {
  prefix: string;
  delimiter: string;
  most: number;
  /** Only keys, and common prefixes, behind this one. */
  after: string;
  /** What a key stands for in the list: nothing, itself, or its versions. */
  entries(key: string): readonly T[];
  /** Goes on within the versions of `after`: those behind this one. */
  afterEntry?: (entry: T) => boolean;
}

/** Reads one page from keys that are sorted by {@link compareKeys}. */
export function listPage<T>(keys: readonly string[], query: ListQuery<T>): Page<T> {
  const { prefix, delimiter, most, after, afterEntry } = query;
  const page: Page<T> = { entries: [], prefixes: [] };
  if (most === 0) return page;
  let count = 0;
  let last: Page<T>['next'];
  const start = compareKeys(after, prefix) > 0 ? after : prefix;
  for (let at = lowerBound(keys, start); at < keys.length; ) {
    const key = keys[at] ?? '';
    if (!key.startsWith(prefix)) break;
    const entries = key === after && after !== '' ? query.entries(key).filter(afterEntry ?? never) : query.entries(key);
    const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const common = cut < 0 ? undefined : key.slice(0, cut + delimiter.length);
    if (common === undefined) {
      for (const entry of entries) {
        if (count++ === most) return { ...page, next: last };
        page.entries.push(entry);
        last = { key, entry };
      }
      at++;
      continue;
    }
    // A group was on the page before when that ended with it; one of which nothing is left to show is none.
    if (common !== after && entries.length > 0 && page.prefixes.at(-1) !== common) {
      if (count++ === most) return { ...page, next: last };
      page.prefixes.push(common);
      last = { key: common };
    }
    at++;
  }
  return page;
}

function never(): boolean {
  return false;
}
