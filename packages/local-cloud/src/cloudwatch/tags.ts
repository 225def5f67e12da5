import type { Tag } from '@aws-sdk/client-cloudwatch';
import type { Tags } from '../model.ts';
import { invalid } from './errors.ts';

/** Tags over `now`, with CloudWatch's limits: 50 a resource, keys of 128 and values of 256 characters. */
export function tagged(now: Tags, given: Tag[] | undefined): Tags {
  const next = { ...now };
  for (const { Key = '', Value = '' } of given ?? []) {
    if (Key === '' || Key.length > 128 || /^aws:/i.test(Key)) throw invalid(`The tag key '${Key}' is not valid`);
    if (Value.length > 256) throw invalid(`The value of the tag '${Key}' has more than 256 characters`);
    next[Key] = Value;
  }
  if (Object.keys(next).length > 50) throw invalid('A resource can have at most 50 tags');
  return next;
}
