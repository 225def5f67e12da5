import type {
  AddTagsToResourceRequest,
  DeleteParameterRequest,
  DeleteParametersRequest,
  DeleteParametersResult,
  DescribeParametersRequest,
  DescribeParametersResult,
  ListTagsForResourceRequest,
  RemoveTagsFromResourceRequest,
} from '@aws-sdk/client-ssm';
import type { ParameterRecord } from '../model.ts';
import { CloudError, type HandlerTable } from '../wire/handler.ts';
import { invalid } from './errors.ts';
import { applyFilters, fromOldFilters } from './filters.ts';
import { pageOf } from './pages.ts';
import { checkNames } from './read.ts';
import { toMetadata } from './shape.ts';
import type { ParameterStore } from './store.ts';
import { withTags } from './tags.ts';

/** Parameters without their values: described, deleted, tagged. */
export function describeHandlers(store: ParameterStore): HandlerTable {
  const { changed } = store.context;
  const region = store.context.region.name;
  const remove = (name: string): boolean => {
    if (!store.all[name]) return false;
    delete store.all[name];
    changed();
    return true;
  };
  const tagged = ({ ResourceType: type, ResourceId: id = '' }: ListTagsForResourceRequest): ParameterRecord => {
    if (type !== 'Parameter') {
      throw new CloudError('InvalidResourceType', `${String(type).slice(0, 100)} is not served by the local cloud.`);
    }
    const found = store.all[id];
    if (!found) throw new CloudError('InvalidResourceId', `The resource ID "${id.slice(0, 200)}" is not valid.`);
    return found;
  };
  return {
    DescribeParameters: (input: DescribeParametersRequest): DescribeParametersResult => {
      if (input.Filters?.length && input.ParameterFilters?.length) {
        throw invalid('You can use either Filters or ParameterFilters in a single request.');
      }
      const filters = input.ParameterFilters?.length ? input.ParameterFilters : fromOldFilters(input.Filters);
      const kept = input.Shared ? [] : applyFilters(Object.values(store.all), filters);
      const page = pageOf(kept, input, { most: 50, usual: 50 }, ({ name }) => name);
      return {
        Parameters: page.items.map((one) => toMetadata(one, store.version(one, ''), region)),
        NextToken: page.nextToken,
      };
    },
    DeleteParameter: ({ Name = '' }: DeleteParameterRequest) => {
      store.get(Name);
      remove(Name);
      return {};
    },
    DeleteParameters: ({ Names }: DeleteParametersRequest): DeleteParametersResult => {
      const names = checkNames(Names);
      const DeletedParameters = names.filter(remove);
      return { DeletedParameters, InvalidParameters: names.filter((name) => !DeletedParameters.includes(name)) };
    },
    AddTagsToResource: (input: AddTagsToResourceRequest) => {
      const record = tagged(input);
      record.tags = withTags(record.tags, input.Tags);
      changed();
      return {};
    },
    RemoveTagsFromResource: (input: RemoveTagsFromResourceRequest) => {
      const record = tagged(input);
      const kept = Object.entries(record.tags).filter(([key]) => !input.TagKeys?.includes(key));
      record.tags = Object.fromEntries(kept);
      changed();
      return {};
    },
    ListTagsForResource: (input: ListTagsForResourceRequest) => ({
      TagList: Object.entries(tagged(input).tags).map(([Key, Value]) => ({ Key, Value })),
    }),
  };
}
