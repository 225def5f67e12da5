import type { SecretRecord, SecretVersion } from '../model.ts';
import { type CallContext, CloudError, type HandlerTable } from '../wire/handler.ts';
import { constraint, invalidParameter } from './errors.ts';
import { type Filter, keepSecrets } from './filters.ts';
import { pageOf } from './pages.ts';
import type { SecretStore } from './store.ts';

type Named = { SecretId: string };
type Chosen = Named & { VersionId?: string; VersionStage?: string };
type Batch = { SecretIdList?: string[]; Filters?: Filter[]; MaxResults?: number; NextToken?: string };

/** Secrets that BatchGetSecretValue gives at most. */
const mostSecrets = 20;

/** The operations that give values. */
export function readHandlers(store: SecretStore): HandlerTable {
  const { clock, changed } = store.context;
  const read = (input: Chosen, { may }: Pick<CallContext, 'may'> = {}) => {
    const record = store.live(input.SecretId);
    const allowed = may?.('secretsmanager:GetSecretValue', record.arn) ?? true;
    if (!allowed) throw accessDenied(record.arn);
    const value = toValue(record, store.version(record, input));
    record.accessedAt = clock.now();
    changed();
    return value;
  };
  return {
    GetSecretValue: (input: Chosen) => read(input),
    BatchGetSecretValue: (input: Batch, call) => {
      const { SecretIdList: ids, Filters } = input;
      if ((ids?.length ? 1 : 0) + (Filters?.length ? 1 : 0) !== 1) {
        throw invalidParameter('Either SecretIdList or Filters must be provided, but not both.');
      }
      if (ids && ids.length > mostSecrets) {
        const problem = `Member must have length less than or equal to ${mostSecrets}`;
        throw constraint(`[${ids.join(', ')}]`, 'secretIdList', problem);
      }
      const found = keepSecrets(Object.values(store.all), Filters).filter((one) => one.deletedAt === undefined);
      const page = ids
        ? { items: ids, nextToken: undefined }
        : pageOf(
            found.map(({ name }) => name),
            input,
            mostSecrets,
            (name) => name,
          );
      const SecretValues: object[] = [];
      const Errors: object[] = [];
      for (const SecretId of page.items) {
        try {
          SecretValues.push(read({ SecretId }, call));
        } catch (error) {
          if (!(error instanceof CloudError)) throw error;
          Errors.push({ SecretId, ErrorCode: error.code, Message: error.message });
        }
      }
      return { SecretValues, Errors, NextToken: page.nextToken };
    },
  };
}

function accessDenied(arn: string): CloudError {
  const message = `You are not authorized to perform secretsmanager:GetSecretValue on resource: ${arn}`;
  return new CloudError('AccessDeniedException', message);
}

function toValue({ arn, name }: SecretRecord, version: SecretVersion) {
  return {
    ARN: arn,
    Name: name,
    VersionId: version.id,
    SecretString: version.text,
    SecretBinary: version.bytes === undefined ? undefined : new Uint8Array(Buffer.from(version.bytes, 'base64')),
    VersionStages: version.stages,
    CreatedDate: new Date(version.createdAt),
  };
}
