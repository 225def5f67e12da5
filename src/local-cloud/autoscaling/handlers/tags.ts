import type { DeleteTagsType, DescribeTagsType, Tag, TagDescription } from '@aws-sdk/client-auto-scaling';
import type { GroupRecord } from '../../model.ts';
import type { HandlerTable } from '../../wire/handler.ts';
import { describeTags } from '../describe.ts';
import { validationError } from '../errors.ts';
import { requireGroup } from '../groups.ts';
import { pageOf } from '../pages.ts';
import type { Operations } from '../runtime.ts';

/** A group's tags from a request; AWS's limit is 50 a group. */
export function readTags(tags: Tag[], groupName: string): GroupRecord['tags'] {
  if (tags.length > 50) throw validationError(`${tags.length} tags exceed the limit of 50 for a group.`);
  return tags.map((t) => {
    if (!t.Key) throw validationError('Tag keys must not be empty.');
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
  return {
    CreateOrUpdateTags(request: { Tags?: Tag[] }) {
      for (const tag of request.Tags ?? []) {
        const group = requireGroup(state, tag.ResourceId);
        const [read] = readTags([tag], group.name);
        group.tags = [...group.tags.filter((t) => t.key !== tag.Key), ...(read ? [read] : [])];
      }
      ops.context.changed();
      return {};
    },

    DeleteTags(request: DeleteTagsType) {
      for (const tag of request.Tags ?? []) {
        const group = requireGroup(state, tag.ResourceId);
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
