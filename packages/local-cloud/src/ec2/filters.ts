import type { Filter } from '@aws-sdk/client-ec2';
import type { Tags } from '../model.ts';
import { wildcardMatcher } from '../wildcards.ts';
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

/** EC2's patterns, in which `\\` makes a wildcard stand for itself. Most have none. */
function matcher(pattern: string): (value: string) => boolean {
  return /[*?\\]/.test(pattern) ? wildcardMatcher(pattern, '\\') : (value) => value === pattern;
}

/** Filters on what nothing here has: they are known, and let nothing through. */
export function withoutValue(names: string): Fields<unknown> {
  return Object.fromEntries(words(names).map((name) => [name, () => undefined]));
}

/**
 * Filters that look at what an answer shows. Their names are paths: `ebs-info.nvme-support` looks at `EbsInfo.NvmeSupport`,
 * `network-info.efa-info.maximum-efa-interfaces` at `NetworkInfo.EfaInfo.MaximumEfaInterfaces`, and a step into a list, which may have a plural name, at
 * each of its items. What is not shown has no value.
 * @param names of the filters, with spaces between them
 */
export function shownFields<T>(names: string, show: (item: T) => object): Fields<T> {
  return Object.fromEntries(words(names).map((name) => [name, (item: T) => valuesAt(show(item), name.split('.'))]));
}

const words = (text: string): string[] => text.trim().split(/\s+/);

function valuesAt(value: unknown, [step, ...more]: string[]): (string | undefined)[] {
  if (Array.isArray(value)) return value.flatMap((one) => valuesAt(one, step === undefined ? [] : [step, ...more]));
  if (step === undefined) return [filterText(value)];
  if (typeof value !== 'object' || value === null) return [];
  const wanted = step.replaceAll('-', '');
  const [, found] = Object.entries(value).find(([key]) => new RegExp(`^${wanted}(s|es)?$`, 'i').test(key)) ?? [];
  return valuesAt(found, more);
}

/** A value as filters compare it; undefined for what is not there. */
export function filterText(value: unknown): string | undefined {
  if (value === undefined || value === '') return undefined;
  return value instanceof Date ? value.toISOString() : String(value);
}
