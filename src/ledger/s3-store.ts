import { randomUUID } from 'node:crypto';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import type { Clock } from '@golden-pipeline/shared/clock';
import { PipelineError } from '@golden-pipeline/shared/errors';
import { type Condition, checkKey, type Store, type Written } from './store.ts';

export interface S3StoreOptions {
  client: S3Client;
  bucket: string;
  /** Prefix of every key, followed by `/`; empty for the top of the bucket. */
  prefix?: string;
  clock: Clock;
}

/** Pauses before retries of a write after a conflict between concurrent writes (409), in milliseconds. */
const conflictPauses = [20, 50, 100, 200, 400];

/** Metadata key with the id of the write. */
const writeMark = 'write';

/**
 * The store in a bucket: one object for each key, with S3's conditional writes. It needs s3:GetObject, s3:PutObject,
 * s3:DeleteObject, and s3:ListBucket, without which S3 answers 403 for a missing object.
 */
export function createS3Store({ client, bucket: Bucket, prefix = '', clock }: S3StoreOptions): Store {
  const home = prefix === '' ? '' : `${prefix.replace(/\/+$/, '')}/`;
  const suffix = '.json';
  const objectKey = (key: string) => `${home}${checkKey(key)}${suffix}`;

  const put = async (key: string, text: string, condition: Condition): Promise<Written> => {
    const Key = objectKey(key);
    const mark = randomUUID();
    const command = new PutObjectCommand({
      Bucket,
      Key,
      Body: Buffer.from(text),
      ContentType: 'application/json',
      Metadata: { [writeMark]: mark },
      ...(condition === 'always'
        ? {}
        : condition === 'if-absent'
          ? { IfNoneMatch: '*' }
          : { IfMatch: condition.ifMatch }),
    });
    for (let attempt = 0; ; attempt++) {
      try {
        const { ETag } = await client.send(command);
        return { written: true, etag: ETag ?? '' };
      } catch (error) {
        const pause = conflictPauses[attempt];
        if (statusOf(error) === 409 && pause !== undefined) {
          await clock.sleep(pause);
          continue;
        }
        if (condition === 'always' || !isRefusedCondition(error)) throw error;
        return (await ownWrite(Key, mark, error, attempt)) ?? { written: false };
      }
    }
  };

  /** The first of several attempts may have taken effect although its answer was lost. */
  const ownWrite = async (Key: string, mark: string, error: unknown, attempt: number): Promise<Written | undefined> => {
    const sent = attempt + ((error as S3ServiceException).$metadata.attempts ?? 1);
    if (sent < 2) return undefined;
    const found = await unlessAbsent(client.send(new HeadObjectCommand({ Bucket, Key })));
    return found?.Metadata?.[writeMark] === mark ? { written: true, etag: found.ETag ?? '' } : undefined;
  };

  const explained = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw explain(error, Bucket);
    }
  };

  return {
    get: (key) =>
      explained(async () => {
        const found = await unlessAbsent(client.send(new GetObjectCommand({ Bucket, Key: objectKey(key) })));
        return found && { text: (await found.Body?.transformToString('utf8')) ?? '', etag: found.ETag ?? '' };
      }),
    put: (key, text, condition) => explained(() => put(key, text, condition)),
    list: (wanted) =>
      explained(async () => {
        const folder = wanted.slice(0, wanted.lastIndexOf('/') + 1);
        if (folder) checkKey(folder.slice(0, -1));
        const keys: string[] = [];
        for await (const page of paginateListObjectsV2({ client }, { Bucket, Prefix: `${home}${wanted}` })) {
          for (const { Key = '' } of page.Contents ?? []) {
            if (Key.endsWith(suffix)) keys.push(Key.slice(home.length, -suffix.length));
          }
        }
        return keys.sort();
      }),
    delete: (key) =>
      explained(async () => {
        await client.send(new DeleteObjectCommand({ Bucket, Key: objectKey(key) }));
      }),
  };
}

/** The object exists (If-None-Match), has changed, or does not exist (If-Match). */
function isRefusedCondition(error: unknown): boolean {
  return statusOf(error) === 412 || nameOf(error) === 'NoSuchKey';
}

async function unlessAbsent<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    // Refusals of HeadObject have no body, so their name is derived from the status.
    if (nameOf(error) === 'NoSuchKey' || nameOf(error) === 'NotFound') return undefined;
    throw error;
  }
}

function statusOf(error: unknown): number | undefined {
  return error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : '';
}

const because: Record<string, { why: string; fix: string }> = {
  NoSuchBucket: { why: 'there is no such bucket', fix: 'create it, or set another one for the ledger' },
  AccessDenied: {
    why: 'these credentials may not use it',
    fix: 'they need s3:GetObject, s3:PutObject and s3:DeleteObject on its objects and s3:ListBucket on the bucket',
  },
  InvalidAccessKeyId: { why: 'these credentials are not known there', fix: 'log in to the right account' },
  SignatureDoesNotMatch: { why: 'the secret of these credentials is wrong', fix: 'log in again' },
  ExpiredToken: { why: 'these credentials have expired', fix: 'log in again' },
};

/** Turns an error of S3 into one with a fix; others are passed on unchanged. */
function explain(error: unknown, bucket: string): unknown {
  const known = Object.hasOwn(because, nameOf(error)) ? because[nameOf(error)] : undefined;
  if (!known) return error;
  const message = `the ledger in bucket ${bucket} cannot be used: ${known.why}`;
  return new PipelineError('ledger.unusable', message, { fix: known.fix, cause: error });
}
