import type { BucketFacts } from './bucket.ts';
import { checksumHeader } from './checksum.ts';
import { notImplemented, S3Error } from './error.ts';
import type { ObjectVersion } from './object-file.ts';
import type { S3Request } from './request.ts';
import { tagsOfHeader } from './tags.ts';

/** Headers that S3 keeps with an object and gives back with it. */
const kept = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
];

/** The caller's own metadata, in bytes of names and values. */
const maximumMetadata = 2048;

const metadataPrefix = 'x-amz-meta-';

/** Headers that would make an object something else than the plain one that is kept here. */
const unserved =
  /^x-amz-(website-redirect-location|object-lock-.*|write-offset-bytes|server-side-encryption-(customer|aws-kms|context|bucket).*)$/;

/** What a request says of the object it writes. @throws S3Error for what is not served, or too much */
export function readObjectHeaders(request: S3Request): Pick<ObjectVersion, 'headers' | 'metadata' | 'tags'> {
  const { header, headerNames } = request;
  refuseUnserved(request);
  const headers: Record<string, string> = { 'content-type': 'binary/octet-stream' };
  for (const name of kept) {
    const value = name === 'content-encoding' ? withoutFraming(header(name)) : header(name);
    if (value) headers[name] = value;
  }
  const metadata: Record<string, string> = {};
  for (const name of headerNames.filter((name) => name.startsWith(metadataPrefix))) {
    metadata[name.slice(metadataPrefix.length)] = header(name) ?? '';
  }
  const size = Object.entries(metadata).reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  if (size <= maximumMetadata) return { headers, metadata, tags: tagsOfHeader(header('x-amz-tagging')) };
  const message = 'Your metadata headers exceed the maximum allowed metadata size';
  const details = { Size: String(size), MaxSizeAllowed: String(maximumMetadata) };
  throw new S3Error('MetadataTooLarge', message, 400, details);
}

/** Refuses what a request asks for its object or bucket beyond what is kept here. */
export function refuseUnserved({ header, headerNames }: S3Request): void {
  const wanted = headerNames.find((name) => unserved.test(name));
  if (wanted) throw notImplemented(`the header ${wanted}`);
  const encryption = header('x-amz-server-side-encryption');
  if (encryption !== undefined && encryption !== 'AES256') throw notImplemented(`the encryption ${encryption}`);
  const storage = header('x-amz-storage-class');
  if (storage !== undefined && storage !== 'STANDARD') {
    throw new S3Error('InvalidStorageClass', 'The storage class you specified is not valid', 400);
  }
  const acl = header('x-amz-acl');
  const granted = headerNames.some((name) => name.startsWith('x-amz-grant-'));
  if (granted || (acl !== undefined && acl !== 'private' && acl !== 'bucket-owner-full-control')) {
    throw new S3Error('AccessControlListNotSupported', 'The bucket does not allow ACLs', 400);
  }
}

/** The headers that give an object back. */
export function objectHeaders(version: ObjectVersion, bucket: BucketFacts): Record<string, string> {
  const metadata = Object.entries(version.metadata).map(([name, value]) => [metadataPrefix + name, value]);
  return {
    ...version.headers,
    ...Object.fromEntries(metadata),
    ...tagCount(version),
    'accept-ranges': 'bytes',
    'last-modified': new Date(version.lastModified).toUTCString(),
    ...writtenHeaders(version, bucket),
  };
}

/** How many tags there are, if any. */
function tagCount({ tags = {} }: ObjectVersion): Record<string, string> {
  const count = Object.keys(tags).length;
  return count > 0 ? { 'x-amz-tagging-count': String(count) } : {};
}

/** The headers that tell what was written. */
export function writtenHeaders(version: ObjectVersion, bucket: BucketFacts): Record<string, string> {
  return {
    etag: quoted(version),
    // As with AWS, where every object is encrypted; here it stands for the user's own disk.
    'x-amz-server-side-encryption': 'AES256',
    ...versionHeader(version, bucket),
  };
}

/** The version's id, once versioning was requested. */
export function versionHeader({ versionId }: ObjectVersion, { versioning }: BucketFacts): Record<string, string> {
  return versioning ? { 'x-amz-version-id': versionId } : {};
}

/** The object's checksum, if any: objects of former versions of this cloud may have none. */
export function checksumHeaders({ checksum }: Pick<ObjectVersion, 'checksum'>): Record<string, string> {
  if (!checksum) return {};
  return {
    [checksumHeader(checksum.algorithm)]: checksum.value,
    'x-amz-checksum-type': checksum.type ?? 'FULL_OBJECT',
  };
}

export function quoted({ etag }: ObjectVersion): string {
  return `"${etag}"`;
}

/** `aws-chunked` says how the body came, not what the object is. */
function withoutFraming(encoding: string | undefined): string {
  const encodings = (encoding ?? '').split(',').map((part) => part.trim());
  return encodings.filter((part) => part !== '' && part !== 'aws-chunked').join(',');
}
