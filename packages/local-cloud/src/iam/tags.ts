import type { Tags } from '../model.ts';
import { limitExceeded, validationError } from './errors.ts';

export type TagList = { Key: string; Value?: string }[];

const mostTags = 50;

/**
 * Tags of a request over those that are there.
 * @throws CloudError for more than fifty, reserved keys and keys or values that are too long
 */
export function withTags(present: Tags, list: TagList = []): Tags {
  for (const { Key: key, Value: value = '' } of list) {
    if (key === '' || key.length > 128 || value.length > 256 || /^aws:/i.test(key)) {
      throw validationError(`The tag ${JSON.stringify(key.slice(0, 200))} is not valid.`);
    }
  }
  const tags = { ...present, ...Object.fromEntries(list.map(({ Key, Value = '' }) => [Key, Value])) };
  if (Object.keys(tags).length > mostTags) throw limitExceeded('TagsPerResource', mostTags);
  return tags;
}

export function withoutTags(present: Tags, keys: string[]): Tags {
  return Object.fromEntries(Object.entries(present).filter(([key]) => !keys.includes(key)));
}

export function tagList(tags: Tags): { Key: string; Value: string }[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}
