import { createHash } from 'node:crypto';
import type { Bucket } from './bucket.ts';
import { type Checksum, type ChecksumAlgorithm, createDigest } from './checksum.ts';
import { notModified } from './conditions.ts';
import type { Draft } from './drafts.ts';
import { invalidArgument, noSuchKey, preconditionFailed, S3Error } from './error.ts';
import type { ObjectVersion } from './object-file.ts';
import { fileBody, findVersion } from './object-read.ts';
import type { S3Context, S3Request } from './request.ts';
import type { FileBody } from './response.ts';

/** What a copy is made of. */
export interface CopySource {
  bucket: Bucket;
  key: string;
  /** Whether the request names the version. */
  named: boolean;
  version: ObjectVersion;
}

/**
 * The source that `x-amz-copy-source` names.
 * @throws S3Error for what is not there, or whose conditions do not hold
 */
export async function findSource(request: S3Request, { buckets }: S3Context): Promise<CopySource> {
  const source = readSource(request);
  const bucket = await buckets.get(source.bucket);
  const version = findVersion(bucket, source);
  if (notModified(request.header, version, 'x-amz-copy-source-')) {
    throw preconditionFailed('x-amz-copy-source-If-None-Match');
  }
  return { bucket, key: source.key, named: source.query.has('versionId'), version };
}

/** Bytes of the source, all of them by default. The caller closes it. */
export async function openSource(
  { bucket, key, version }: CopySource,
  start = 0,
  end = version.size - 1,
): Promise<FileBody> {
  const handle = await bucket.open(version);
  if (!handle) throw noSuchKey(key);
  return fileBody(handle, start, end - start + 1);
}

/** Writes bytes of a source to a draft; closes neither. Their MD5 is hexadecimal. */
export async function copyBody(
  body: FileBody,
  draft: Draft,
  algorithm: ChecksumAlgorithm | undefined,
): Promise<{ md5: string; checksum?: Checksum }> {
  const md5 = createHash('md5');
  const digest = algorithm && createDigest(algorithm);
  if (body.length > 0) {
    for await (const chunk of body.stream()) {
      md5.update(chunk);
      digest?.update(chunk);
      await draft.write(chunk);
    }
  }
  const checksum = algorithm && digest && { algorithm, value: await digest.finish() };
  return { md5: md5.digest('hex'), checksum };
}

/** `bytes=first-last`, both within the source. @throws S3Error `InvalidArgument` */
export function sourceRange(text: string | undefined, size: number): { start: number; end: number } | undefined {
  if (text === undefined) return undefined;
  const [, first, last] = /^bytes=(\d{1,15})-(\d{1,15})$/.exec(text.trim()) ?? [];
  const [start, end] = [Number(first), Number(last)];
  const name = 'x-amz-copy-source-range';
  if (first === undefined || end < start) {
    const message =
      'The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy';
    throw invalidArgument(name, text, message);
  }
  if (end < size) return { start, end };
  throw invalidArgument(name, text, `Range specified is not valid for source object of size: ${size}`);
}

/** `/bucket/key?versionId=...`, escaped; the first slash may be missing. */
function readSource({ header }: S3Request): { bucket: string; key: string; query: Map<string, string> } {
  const text = header('x-amz-copy-source') ?? '';
  const at = text.lastIndexOf('?versionId=');
  const path = at < 0 ? text : text.slice(0, at);
  const [, bucket, key] = /^\/?([^/]+)\/(.+)$/s.exec(unescaped(path)) ?? [];
  if (bucket === undefined || key === undefined) {
    throw invalidArgument(
      'x-amz-copy-source',
      text,
      'Copy Source must mention the source bucket and key: sourcebucket/sourcekey',
    );
  }
  const versionId = at < 0 ? undefined : unescaped(text.slice(at + '?versionId='.length));
  return { bucket, key, query: new Map(versionId === undefined ? [] : [['versionId', versionId]]) };
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new S3Error('InvalidArgument', 'Copy Source is not escaped rightly', 400);
  }
}
