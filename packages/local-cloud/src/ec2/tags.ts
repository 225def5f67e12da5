import type {
  CreateTagsRequest,
  DeleteTagsRequest,
  DescribeTagsRequest,
  DescribeTagsResult,
  ResourceType,
} from '@aws-sdk/client-ec2';
import type { CloudContext } from '../context.ts';
import { isId } from '../ids.ts';
import type { CloudState, Tags } from '../model.ts';
import { subnetsOf, vpcsOf } from '../network.ts';
import { CloudError, type HandlerTable } from '../wire/handler.ts';
import { required } from './errors.ts';
import { applyFilters, type Fields } from './filters.ts';
import { paginate } from './pagination.ts';
import { checkTagCount, readTags } from './tag-shapes.ts';
import { volumesOf } from './volumes/table.ts';

/** A resource that carries tags. */
interface Tagged {
  id: string;
  type: ResourceType;
  tags: Tags;
}

interface TagRow {
  id: string;
  type: ResourceType;
  key: string;
  value: string;
}

/** Code of the refusal when a resource of an id's prefix does not exist. */
const notFoundCodes: Record<string, string> = {
  i: 'InvalidInstanceID.NotFound',
  ami: 'InvalidAMIID.NotFound',
  snap: 'InvalidSnapshot.NotFound',
  vol: 'InvalidVolume.NotFound',
  lt: 'InvalidLaunchTemplateId.NotFound',
  key: 'InvalidKeyPair.NotFound',
  sg: 'InvalidGroup.NotFound',
  sgr: 'InvalidSecurityGroupRuleId.NotFound',
  vpc: 'InvalidVpcID.NotFound',
  subnet: 'InvalidSubnetID.NotFound',
};

/** CreateTags, DeleteTags and DescribeTags, for everything in EC2 that has tags. */
export function tagHandlers(context: CloudContext): HandlerTable {
  /** All of them are looked up before any is changed: a call changes all or nothing. */
  const find = (ids: string[]): Tagged[] => {
    const wanted = new Set(ids);
    const found = new Map([...taggedResources(context)].filter(({ id }) => wanted.has(id)).map((one) => [one.id, one]));
    return ids.map((id) => found.get(id) ?? refuse(id));
  };
  return {
    CreateTags: (input: CreateTagsRequest): void => {
      const resources = find(required(input.Resources, 'ResourceId'));
      const tags = readTags(required(input.Tags, 'Tag'));
      for (const resource of resources) checkTagCount({ ...resource.tags, ...tags });
      for (const resource of resources) Object.assign(resource.tags, tags);
      context.changed();
    },
    DeleteTags: (input: DeleteTagsRequest): void => {
      for (const { tags } of find(required(input.Resources, 'ResourceId'))) {
        // Without tags all go; with a value only a tag of that very value goes.
        const doomed = input.Tags ?? Object.keys(tags).map((Key) => ({ Key, Value: undefined }));
        for (const { Key: key, Value: value } of doomed) {
          if (!key || key.startsWith('aws:')) continue;
          if (value === undefined || tags[key] === value) delete tags[key];
        }
      }
      context.changed();
    },
    DescribeTags: (input: DescribeTagsRequest): DescribeTagsResult => {
      const rows = [...taggedResources(context)].flatMap(({ id, type, tags }) =>
        Object.entries(tags).map(([key, value]): TagRow => ({ id, type, key, value })),
      );
      const named = (input.Filters ?? []).map((filter) => filter.Name ?? '').filter((name) => name.startsWith(keyed));
      const fields = { ...rowFields, ...Object.fromEntries(named.map((name) => [name, keyField(name)])) };
      const kept = applyFilters(rows, input.Filters, fields);
      const page = paginate(kept, input, { min: 5, max: 1000 }, (row) => `${row.id} ${row.key}`);
      const tags = page.items.map((row) => ({
        Key: row.key,
        Value: row.value,
        ResourceId: row.id,
        ResourceType: row.type,
      }));
      return { Tags: tags, NextToken: page.nextToken };
    },
  };
}

const keyed = 'tag:';

const rowFields: Fields<TagRow> = {
  key: (row) => row.key,
  value: (row) => row.value,
  'resource-id': (row) => row.id,
  'resource-type': (row) => row.type,
};

/** `tag:KEY` keeps the rows of that key with one of the values. */
function keyField(name: string): (row: TagRow) => string | undefined {
  return (row) => (row.key === name.slice(keyed.length) ? row.value : undefined);
}

function* taggedResources(context: CloudContext): Generator<Tagged> {
  const { state } = context;
  for (const one of Object.values(state.instances)) {
    yield { id: one.id, type: 'instance', tags: one.tags };
  }
  for (const { id, tags } of volumesOf(state)) yield { id, type: 'volume', tags };
  for (const one of Object.values(state.images)) {
    if (one.state !== 'deregistered') yield { id: one.id, type: 'image', tags: one.tags };
  }
  for (const one of Object.values(state.snapshots)) yield { id: one.id, type: 'snapshot', tags: one.tags };
  for (const one of Object.values(state.launchTemplates)) yield { id: one.id, type: 'launch-template', tags: one.tags };
  for (const one of Object.values(state.keyPairs)) yield { id: one.id, type: 'key-pair', tags: one.tags };
  for (const group of Object.values(state.securityGroups)) {
    yield { id: group.id, type: 'security-group', tags: group.tags };
    for (const rule of [...group.ingress, ...group.egress]) {
      rule.tags ??= {};
      yield { id: rule.id, type: 'security-group-rule', tags: rule.tags };
    }
  }
  for (const { id } of vpcsOf(context)) yield { id, type: 'vpc', tags: networkTags(state, id) };
  for (const { id } of subnetsOf(context)) yield { id, type: 'subnet', tags: networkTags(state, id) };
}

/** Tags of a VPC or subnet; changing the result changes the state. */
export function networkTags(state: CloudState, id: string): Tags {
  state.networkTags ??= {};
  const tags = state.networkTags[id] ?? {};
  state.networkTags[id] = tags;
  return tags;
}

function refuse(id: string): never {
  const prefix = id.slice(0, Math.max(0, id.indexOf('-')));
  const code = notFoundCodes[prefix];
  if (code && isId(prefix, id)) throw new CloudError(code, `The ID '${id}' does not exist`);
  throw new CloudError('InvalidID', `The ID '${id}' is not valid`);
}
