import type { DeleteTagsType, DescribeTagsType, Tag, TagDescription } from '@aws-sdk/client-auto-scaling';
import type { GroupRecord } from '../../model.ts';
import type { HandlerTable } from '../../wire/handler.ts';
import { describeTags } from '../describe.ts';
import { limitExceeded, validationError } from '../errors.ts';
import { requireGroup } from '../groups.ts';
import type { Operations } from '../operations.ts';
import { pageOf } from '../pages.ts';

/** Quota of Auto Scaling: tags of a group. */
const MAX_TAGS = 50;
const RESOURCE_TYPE = 'auto-scaling-group';
/** Lengths as in Tag of the SDK's typings. */
const MAX_KEY = 128;
const MAX_VALUE = 256;

function tooMany(count: number) {
  return limitExceeded(`${count} tags exceed the limit of ${MAX_TAGS} for a group.`);
}

/** A group's tags from a request. */
export function readTags(tags: Tag[], groupName: string): GroupRecord['tags'] {
  if (tags.length > MAX_TAGS) throw tooMany(tags.length);
  return tags.map((t) => {
    if (!t.Key) throw validationError('Tag keys must not be empty.');
    if (t.Key.length > MAX_KEY) throw validationError(`Tag key ${t.Key.slice(0, 20)}... is longer than ${MAX_KEY}.`);
    if ((t.Value ?? '').length > MAX_VALUE)
      throw validationError(`The value of tag ${t.Key} is longer than ${MAX_VALUE}.`);
    if (t.Key.startsWith('aws:')) throw validationError(`Tag key ${t.Key} must not start with 'aws:'.`);
    if (t.ResourceId && t.ResourceId !== groupName)
      throw validationError(`Tag resource ${t.ResourceId} is not the group ${groupName}.`);
    return { key: t.Key, value: t.Value ?? '', propagateAtLaunch: t.PropagateAtLaunch ?? false };
  });
}

const fields: Record<string, (tag: TagDescription) => string> = {
  'auto-scaling-group': (t) => t.ResourceId ?? '',
  key: (t) => t.Key ?? '',
  value: (t) => t.Value ?? '',
  'propagate-at-launch': (t) => String(t.PropagateAtLaunch),
};

export function tagHandlers(ops: Operations): HandlerTable {
  const { state } = ops.context;

  const groupOf = (tag: Tag): GroupRecord => {
    if (tag.ResourceType && tag.ResourceType !== RESOURCE_TYPE) {
      throw validationError(`Tag resource type ${tag.ResourceType} must be ${RESOURCE_TYPE}.`);
    }
    return requireGroup(state, tag.ResourceId);
  };

  return {
    /** All or nothing, though it may name several groups. */
    CreateOrUpdateTags(request: { Tags?: Tag[] }) {
      const changed = new Map<GroupRecord, GroupRecord['tags']>();
      for (const tag of request.Tags ?? []) {
        const group = groupOf(tag);
        const before = changed.get(group) ?? group.tags;
        const after = [...before.filter((t) => t.key !== tag.Key), ...readTags([tag], group.name)];
        if (after.length > MAX_TAGS) throw tooMany(after.length);
        changed.set(group, after);
      }
      for (const [group, tags] of changed) group.tags = tags;
      ops.context.changed();
      return {};
    },

    DeleteTags(request: DeleteTagsType) {
      const wanted = (request.Tags ?? []).map((tag) => ({ tag, group: groupOf(tag) }));
      for (const { tag, group } of wanted) {
        group.tags = group.tags.filter((t) => t.key !== tag.Key || (tag.Value !== undefined && t.value !== tag.Value));
      }
      ops.context.changed();
      return {};
    },

    DescribeTags(request: DescribeTagsType) {
      const filters = (request.Filters ?? []).map((f) => {
        const field = fields[f.Name ?? ''];
        if (!field)
          throw validationError(
            `Filter type ${f.Name} is not correct. Allowed Filter types are: ${Object.keys(fields).join(', ')}`,
          );
        return (tag: TagDescription) => (f.Values ?? []).includes(field(tag));
      });
      const tags = Object.values(state.groups)
        .flatMap(describeTags)
        .filter((t) => filters.every((f) => f(t)));
      const { page, NextToken } = pageOf(tags, request, 50, 100);
      return { Tags: page, NextToken };
    },
  };
}
