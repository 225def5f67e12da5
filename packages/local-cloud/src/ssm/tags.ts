import type { Tags } from '../model.ts';
import { CloudError } from '../wire/handler.ts';
import { invalid } from './errors.ts';

const mostTags = 50;

/**
 * Tags of a request over those that are there.
 * @throws CloudError `TooManyTagsError` for more than fifty, `ValidationException` for reserved or too long ones
 */
export function withTags(present: Tags, list: { Key?: string; Value?: string }[] = []): Tags {
  for (const { Key: key = '', Value: value = '' } of list) {
    if (key === '' || key.length > 128 || value.length > 256 || /^aws:/i.test(key)) {
      throw invalid(`The tag ${JSON.stringify(key.slice(0, 200))} is not valid.`);
    }
  }
  const tags = { ...present, ...Object.fromEntries(list.map(({ Key = '', Value = '' }) => [Key, Value])) };
  if (Object.keys(tags).length > mostTags) {
    throw new CloudError('TooManyTagsError', `A resource can have at most ${mostTags} tags.`);
  }
  return tags;
}
