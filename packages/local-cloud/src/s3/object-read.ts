import type { FileHandle } from 'node:fs/promises';
import type { Bucket } from './bucket.ts';
import { notModified } from './conditions.ts';
import { invalidArgument, noSuchKey, noSuchVersion, S3Error } from './error.ts';
import type { ObjectVersion } from './object-file.ts';
import { checksumHeaders, objectHeaders, quoted, versionHeader } from './object-headers.ts';
import { parseRange } from './range.ts';
import type { Operation, S3Request } from './request.ts';
import type { FileBody } from './response.ts';

/** Query parameters of a GET that replace headers of its answer. */
const overrides = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
];

export const getObject: Operation = async (request, { buckets }) => {
  const bucket = await buckets.get(request.bucket);
  for (;;) {
    const version = findVersion(bucket, request);
    const answer = describe(bucket, version, request);
    if (answer.status === 304) return answer;
    const handle = await bucket.open(version);
    // Replaced in the meantime: the newer one is the answer.
    if (handle) return { ...answer, body: fileBody(handle, answer.start, answer.length) };
  }
};

export const headObject: Operation = async (request, { buckets }) => {
  const bucket = await buckets.get(request.bucket);
  return describe(bucket, findVersion(bucket, request), request);
};

/**
 * The version that a request names, or the current one.
 * @throws S3Error `NoSuchKey`, `NoSuchVersion`, or `MethodNotAllowed` for a delete marker that is named
 */
export function findVersion(bucket: Bucket, { key, query }: Pick<S3Request, 'key' | 'query'>): ObjectVersion {
  const versionId = query.get('versionId');
  if (versionId === '') throw invalidArgument('versionId', '', 'Version id cannot be the empty string');
  const version = versionId === undefined ? bucket.index.current(key) : bucket.index.find(key, versionId);
  if (!version) throw versionId === undefined ? noSuchKey(key) : noSuchVersion(key, versionId);
  if (!version.deleteMarker) return version;
  const headers = { 'x-amz-delete-marker': 'true', ...versionHeader(version, bucket.facts) };
  if (versionId === undefined) throw noSuchKey(key, headers);
  const modified = new Date(version.lastModified).toUTCString();
  const details = { Method: 'GET', ResourceType: 'DeleteMarker' };
  const message = 'The specified method is not allowed against this resource.';
  throw new S3Error('MethodNotAllowed', message, 405, details, {
    ...headers,
    allow: 'DELETE',
    'last-modified': modified,
  });
}

function describe(bucket: Bucket, version: ObjectVersion, { header, query }: S3Request) {
  if (notModified(header, version)) {
    const modified = new Date(version.lastModified).toUTCString();
    const headers = { etag: quoted(version), 'last-modified': modified, ...versionHeader(version, bucket.facts) };
    return { status: 304, headers, start: 0, length: 0 };
  }
  const headers = objectHeaders(version, bucket.facts);
  for (const name of overrides) {
    const value = query.get(`response-${name}`);
    if (value !== undefined) headers[name] = checkHeaderValue(`response-${name}`, value);
  }
  const ifRange = header('if-range');
  const range =
    ifRange === undefined || ifRange.trim() === quoted(version) ? parseRange(header('range'), version.size) : undefined;
  if (!range) {
    // A checksum of the whole says nothing of a part.
    if (header('x-amz-checksum-mode')?.toUpperCase() === 'ENABLED') Object.assign(headers, checksumHeaders(version));
    return {
      status: 200,
      headers: { ...headers, 'content-length': String(version.size) },
      start: 0,
      length: version.size,
    };
  }
  const { start, end } = range;
  const length = end - start + 1;
  const partial = { 'content-length': String(length), 'content-range': `bytes ${start}-${end}/${version.size}` };
  return { status: 206, headers: { ...headers, ...partial }, start, length };
}

function checkHeaderValue(name: string, value: string): string {
  if (/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) return value;
  throw invalidArgument(name, value, 'Header value cannot be represented using ISO-8859-1.');
}

/** A piece of an open file, which is closed after it was sent. */
export function fileBody(handle: FileHandle, start: number, length: number): FileBody {
  return {
    length,
    stream: () => handle.createReadStream({ start, end: start + length - 1, autoClose: false }),
    close: () => handle.close(),
  };
}
