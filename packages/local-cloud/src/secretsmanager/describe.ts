import type { SecretRecord } from '../model.ts';
import type { HandlerTable } from '../wire/handler.ts';
import { type Filter, keepSecrets } from './filters.ts';
import { pageOf } from './pages.ts';
import type { SecretStore } from './store.ts';

const day = 86_400_000;

interface ListInput {
  Filters?: Filter[];
  IncludePlannedDeletion?: boolean;
  MaxResults?: number;
  NextToken?: string;
  SortOrder?: string;
}

/** Secrets without their values. */
export function describeHandlers(store: SecretStore): HandlerTable {
  return {
    DescribeSecret: ({ SecretId }: { SecretId: string }) => {
      const record = store.get(SecretId);
      return { ...toEntry(record), VersionIdsToStages: stagesOf(record) };
    },
    ListSecrets: (input: ListInput) => {
      const all = Object.values(store.all).filter(
        ({ deletedAt }) => input.IncludePlannedDeletion === true || deletedAt === undefined,
      );
      // Newest first, by default; secrets made in the same millisecond by name.
      const key = ({ createdAt, name }: SecretRecord) => `${String(createdAt).padStart(16, '0')} ${name}`;
      const order = { ...input, SortOrder: input.SortOrder ?? 'desc' };
      const page = pageOf(keepSecrets(all, input.Filters), order, 100, key);
      return {
        SecretList: page.items.map((one) => ({ ...toEntry(one), SecretVersionsToStages: stagesOf(one) })),
        NextToken: page.nextToken,
      };
    },
    ListSecretVersionIds: (input: {
      SecretId: string;
      IncludeDeprecated?: boolean;
      MaxResults?: number;
      NextToken?: string;
    }) => {
      const record = store.get(input.SecretId);
      const shown = record.versions.filter(({ stages }) => input.IncludeDeprecated === true || stages.length > 0);
      const key = ({ createdAt, id }: { createdAt: number; id: string }) =>
        `${String(createdAt).padStart(16, '0')} ${id}`;
      const page = pageOf(shown, input, 100, key);
      return {
        ARN: record.arn,
        Name: record.name,
        Versions: page.items.map(({ id, stages, createdAt }) => ({
          ...{ VersionId: id, VersionStages: stages, CreatedDate: new Date(createdAt) },
        })),
        NextToken: page.nextToken,
      };
    },
    GetResourcePolicy: ({ SecretId }: { SecretId: string }) => {
      const { arn, name } = store.get(SecretId);
      return { ARN: arn, Name: name };
    },
  };
}

function toEntry(record: SecretRecord) {
  const { accessedAt, deletedAt } = record;
  return {
    ARN: record.arn,
    Name: record.name,
    Description: record.description,
    KmsKeyId: record.keyId,
    Type: record.type,
    RotationEnabled: false,
    CreatedDate: new Date(record.createdAt),
    LastChangedDate: new Date(record.changedAt),
    // AWS tells the day only.
    LastAccessedDate: accessedAt === undefined ? undefined : new Date(Math.floor(accessedAt / day) * day),
    DeletedDate: deletedAt === undefined ? undefined : new Date(deletedAt),
    Tags: Object.entries(record.tags).map(([Key, Value]) => ({ Key, Value })),
  };
}

function stagesOf({ versions }: SecretRecord): Record<string, string[]> {
  return Object.fromEntries(versions.filter(({ stages }) => stages.length > 0).map(({ id, stages }) => [id, stages]));
}
