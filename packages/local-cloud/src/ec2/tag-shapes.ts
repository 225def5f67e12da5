import type { ResourceType, Tag, TagSpecification } from '@aws-sdk/client-ec2';
import type { Tags } from '../model.ts';
import { CloudError } from '../wire/handler.ts';
import { invalidValue, missing } from './errors.ts';

/** EC2's limits on tags. */
const limits = { keyLength: 128, valueLength: 256, perResource: 50 };

/** Tags in the SDK's shape, by key. */
export function tagList(tags: Tags): Tag[] {
  return Object.entries(tags)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([Key, Value]) => ({ Key, Value }));
}

/** As in descriptions of things that have none: AWS leaves the list out then, and so its key. */
export function tagsIfAny(tags: Tags): Tag[] | undefined {
  const list = tagList(tags);
  return list.length > 0 ? list : undefined;
}

/**
 * A caller's tags as a table; an absent value is an empty one.
 * @throws CloudError for reserved (`aws:`), too long or repeated keys.
 */
export function readTags(list: Tag[] | undefined): Tags {
  const tags: Tags = {};
  for (const { Key: key, Value: value = '' } of list ?? []) {
    if (!key) throw missing('Tag.Key');
    if (key.toLowerCase().startsWith('aws:')) {
      throw invalidValue(`Tag keys starting with 'aws:' are reserved for internal use`);
    }
    if (key.length > limits.keyLength) {
      throw invalidValue(`Tag key exceeds the maximum length of ${limits.keyLength} characters`);
    }
    if (value.length > limits.valueLength) {
      throw invalidValue(`Tag value exceeds the maximum length of ${limits.valueLength} characters`);
    }
    if (Object.hasOwn(tags, key)) throw invalidValue(`Duplicate tag key '${key}' specified.`);
    tags[key] = value;
  }
  checkTagCount(tags);
  return tags;
}

/** @throws CloudError `TagLimitExceeded` above 50 tags; reserved ones do not count. */
export function checkTagCount(tags: Tags): void {
  const own = Object.keys(tags).filter((key) => !key.startsWith('aws:'));
  if (own.length <= limits.perResource) return;
  throw new CloudError(
    'TagLimitExceeded',
    `The maximum number of Tags for a resource has been reached: ${limits.perResource}`,
  );
}

/**
 * The tags that TagSpecifications give to one type of resource.
 * @param types what the operation creates; another type is refused, as EC2 does.
 */
export function tagsFor(
  specifications: { ResourceType?: ResourceType; Tags?: Tag[] }[] | undefined,
  type: ResourceType,
  types: ResourceType[],
): Tags {
  const found: Tag[] = [];
  for (const specification of (specifications ?? []) as TagSpecification[]) {
    if (!specification.ResourceType) throw missing('TagSpecification.ResourceType');
    if (!types.includes(specification.ResourceType)) {
      throw invalidValue(`'${specification.ResourceType}' is not a valid taggable resource type for this operation.`);
    }
    if (specification.ResourceType === type) found.push(...(specification.Tags ?? []));
  }
  return readTags(found);
}
