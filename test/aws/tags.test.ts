import { expect, it } from 'vitest';
import { tagKeys, tagValue, toTags } from '../../src/aws/tags.ts';

it("all tag keys have the product's prefix, and no two are equal", () => {
  const keys = Object.values(tagKeys);
  expect(keys.filter((key) => !key.startsWith('golden-pipeline:'))).toEqual([]);
  expect(new Set(keys).size).toBe(keys.length);
  // EC2 takes keys of up to 128 characters: Using_Tags in its user guide.
  expect(keys.filter((key) => key.length > 128)).toEqual([]);
});

it('tags without a value are not written, but empty ones are', () => {
  expect(toTags({ a: '1', b: undefined, c: '' })).toEqual([
    { Key: 'a', Value: '1' },
    { Key: 'c', Value: '' },
  ]);
});

it('a tag is found by its whole key', () => {
  const tags = toTags({ 'golden-pipeline:pinned-by': 'ann', 'golden-pipeline:pinned': 'true' });
  expect(tagValue(tags, tagKeys.pinned)).toBe('true');
  expect(tagValue(tags, tagKeys.pinnedAt)).toBeUndefined();
  expect(tagValue(undefined, tagKeys.pinned)).toBeUndefined();
});
