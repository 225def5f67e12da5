import type { Tag } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Tags } from '../model.ts';
import { CloudError } from '../wire/handler.ts';
import { invalid } from './errors.ts';

/** Tags over `now`, with ELB's limits: 50 a resource, keys of 128 and values of 256 characters, no key twice. */
export function withTags(now: Tags, given: Tag[] | undefined): Tags {
  const next = { ...now };
  const seen = new Set<string>();
  for (const { Key, Value = '' } of given ?? []) {
    if (!Key || Key.length > 128 || /^aws:/i.test(Key)) throw invalid(`Tag key '${Key ?? ''}' is not valid`);
    if (Value.length > 256) throw invalid(`The value of the tag '${Key}' cannot be longer than 256 characters`);
    if (seen.has(Key))
      throw new CloudError('DuplicateTagKeys', `Tag keys cannot be specified more than once: '${Key}'`);
    seen.add(Key);
    next[Key] = Value;
  }
  if (Object.keys(next).length > 50) throw new CloudError('TooManyTags', 'A resource can have at most 50 tags');
  return next;
}

export function tagList(tags: Tags): { Key: string; Value: string }[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}
