import type { Filter } from '@aws-sdk/client-ec2';
import type { Tags } from '../model.ts';
import { CloudError } from '../wire/handler.ts';
import { invalidValue, missing } from './errors.ts';

/** What a filter looks at: the values of one thing, undefined ones are none. */
export type Fields<T> = Record<string, (item: T) => string | undefined | (string | undefined)[]>;

/** Values of one filter, and filters of one request, at most (EC2's documented limit of values). */
const maxValues = 200;

/**
 * Keeps the items that match every filter; within a filter one of its values must match. `*` and `?` are wildcards,
 * `\` escapes them; matching is case-sensitive. `tag:KEY`, `tag-key` and `tag-value` work for everything that has tags.
 * @throws CloudError `InvalidParameterValue` for a filter name that the operation does not know.
 */
export function applyFilters<T>(
  items: T[],
  filters: Filter[] | undefined,
  fields: Fields<T>,
  tagsOf?: (item: T) => Tags,
): T[] {
  let kept = items;
  for (const filter of filters ?? []) {
    if (!filter.Name) throw missing('Filter.Name');
    const patterns = filter.Values ?? [];
    if (patterns.length > maxValues) {
      throw new CloudError(
        'FilterLimitExceeded',
        `The maximum number of filter values specified on a single call is ${maxValues}`,
      );
    }
    const read = reader(filter.Name, fields, tagsOf);
    const matchers = patterns.map(matcher);
    kept = kept.filter((item) => {
      const values = [read(item)].flat().filter((value) => value !== undefined);
      return values.some((value) => matchers.some((matches) => matches(value)));
    });
  }
  return kept;
}

function reader<T>(name: string, fields: Fields<T>, tagsOf?: (item: T) => Tags): Fields<T>[string] {
  const known = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (known) return known;
  if (tagsOf) {
    if (name.startsWith('tag:')) {
      const key = name.slice('tag:'.length);
      return (item) => (Object.hasOwn(tagsOf(item), key) ? tagsOf(item)[key] : undefined);
    }
    if (name === 'tag-key') return (item) => Object.keys(tagsOf(item));
    if (name === 'tag-value') return (item) => Object.values(tagsOf(item));
  }
  throw invalidValue(`The filter '${name}' is invalid`);
}

/** A matcher of one value with wildcards. Patterns are compared step by step: no pattern can make it slow. */
export function matcher(pattern: string): (value: string) => boolean {
  if (!/[*?\\]/.test(pattern)) return (value) => value === pattern;
  const parts: { kind: 'any' | 'one' | 'char'; char: string }[] = [];
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern.charAt(i);
    if (char === '\\' && i + 1 < pattern.length) parts.push({ kind: 'char', char: pattern.charAt(++i) });
    else if (char === '*') parts.push({ kind: 'any', char });
    else if (char === '?') parts.push({ kind: 'one', char });
    else parts.push({ kind: 'char', char });
  }
  return (value) => {
    let at = 0;
    let part = 0;
    let star = -1;
    let resume = 0;
    while (at < value.length) {
      const now = parts[part];
      if (now?.kind === 'any') {
        star = part++;
        resume = at;
      } else if (now && (now.kind === 'one' || now.char === value.charAt(at))) {
        part++;
        at++;
      } else if (star >= 0) {
        part = star + 1;
        at = ++resume;
      } else return false;
    }
    while (parts[part]?.kind === 'any') part++;
    return part === parts.length;
  };
}
