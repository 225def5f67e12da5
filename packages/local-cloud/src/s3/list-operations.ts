import { encodeRfc3986 } from '../wire/canonical.ts';
import { owner } from './bucket-operations.ts';
import { invalidArgument } from './error.ts';
import { listPage } from './listing.ts';
import type { ObjectVersion } from './object-file.ts';
import { quoted } from './object-headers.ts';
import type { Operation, S3Request } from './request.ts';
import { document, group, tag } from './xml.ts';

/** Most entries on one page, also when more are requested. */
const mostEntries = 1000;

/** ListObjects and, with `list-type=2`, ListObjectsV2. */
export const listObjects: Operation = async (request, { buckets }) => {
  const bucket = await buckets.get(request.bucket);
  const { query } = request;
  const { prefix, delimiter, most, encode, common } = readQuery(request);
  const second = query.get('list-type') === '2';
  const token = second ? query.get('continuation-token') : undefined;
  const startName = second ? 'start-after' : 'marker';
  const after = token === undefined ? (query.get(startName) ?? '') : readToken(token);
  const entries = (key: string) => {
    const current = bucket.index.current(key);
    return current && !current.deleteMarker ? [current] : [];
  };
  const page = listPage(bucket.index.keys, { prefix, delimiter, most, after, entries });
  const withOwner = !second || query.get('fetch-owner') === 'true';
  const body = document(
    'ListBucketResult',
    ...common(request.bucket),
    second ? tag('KeyCount', page.entries.length + page.prefixes.length) : '',
    second ? tag('ContinuationToken', token) : '',
    second
      ? tag('StartAfter', query.has('start-after') ? encode(query.get('start-after') ?? '') : undefined)
      : tag('Marker', encode(after)),
    tag('IsTruncated', page.next !== undefined),
    second ? tag('NextContinuationToken', page.next && makeToken(page.next.key)) : '',
    // Without a delimiter the last key says as much.
    !second && delimiter !== '' ? tag('NextMarker', page.next && encode(page.next.key)) : '',
    ...page.entries.map((version) =>
      group('Contents', tag('Key', encode(version.key)), ...described(version), withOwner ? ownerElement : ''),
    ),
    ...page.prefixes.map((name) => group('CommonPrefixes', tag('Prefix', encode(name)))),
  );
  return { status: 200, body };
};

export const listObjectVersions: Operation = async (request, { buckets }) => {
  const bucket = await buckets.get(request.bucket);
  const { query } = request;
  const { prefix, delimiter, most, encode, common } = readQuery(request);
  const after = query.get('key-marker') ?? '';
  const afterVersion = query.get('version-id-marker') ?? '';
  if (afterVersion !== '' && after === '') {
    const message = 'A version-id marker cannot be specified without a key marker.';
    throw invalidArgument('version-id-marker', afterVersion, message);
  }
  const marked = bucket.index.find(after, afterVersion);
  const page = listPage(bucket.index.keys, {
    prefix,
    delimiter,
    most,
    after,
    entries: (key) => bucket.index.versions(key),
    // A version that is gone may have been deleted with all that was newer: what is left of the key comes once more.
    afterEntry: afterVersion === '' ? undefined : (version) => !marked || version.sequence < marked.sequence,
  });
  const body = document(
    'ListVersionsResult',
    ...common(request.bucket),
    tag('KeyMarker', encode(after)),
    tag('VersionIdMarker', afterVersion),
    tag('IsTruncated', page.next !== undefined),
    tag('NextKeyMarker', page.next && encode(page.next.key)),
    tag('NextVersionIdMarker', page.next?.entry?.versionId),
    ...page.entries.map((version) =>
      group(
        version.deleteMarker ? 'DeleteMarker' : 'Version',
        tag('Key', encode(version.key)),
        tag('VersionId', version.versionId),
        tag('IsLatest', bucket.index.current(version.key) === version),
        ...(version.deleteMarker ? [modified(version)] : described(version)),
        ownerElement,
      ),
    ),
    ...page.prefixes.map((name) => group('CommonPrefixes', tag('Prefix', encode(name)))),
  );
  return { status: 200, body };
};

const ownerElement = group('Owner', tag('ID', owner.id));

/** What all lists have in common. */
function readQuery({ query }: S3Request) {
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const most = pageSize(query.get('max-keys'));
  const encoding = query.get('encoding-type');
  if (encoding !== undefined && encoding !== 'url') {
    throw invalidArgument('encoding-type', encoding, 'Invalid Encoding Method specified in Request');
  }
  const encode = (text: string) => (encoding === 'url' ? encodeRfc3986(text).replaceAll('%2F', '/') : text);
  const common = (name: string) => [
    tag('Name', name),
    tag('Prefix', encode(prefix)),
    tag('MaxKeys', most),
    tag('Delimiter', delimiter === '' ? undefined : encode(delimiter)),
    tag('EncodingType', encoding),
  ];
  return { prefix, delimiter, most, encode, common };
}

function pageSize(text: string | undefined): number {
  if (text === undefined || text === '') return mostEntries;
  if (/^\d{1,10}$/.test(text) && Number(text) <= 2_147_483_647) return Math.min(Number(text), mostEntries);
  throw invalidArgument('max-keys', text, 'Argument maxKeys must be an integer between 0 and 2147483647');
}

function modified({ lastModified }: ObjectVersion): string {
  return tag('LastModified', new Date(lastModified).toISOString());
}

function described(version: ObjectVersion): string[] {
  const { checksum } = version;
  const sum = checksum
    ? tag('ChecksumAlgorithm', checksum.algorithm.toUpperCase()) + tag('ChecksumType', checksum.type ?? 'FULL_OBJECT')
    : '';
  return [
    modified(version),
    tag('ETag', quoted(version)),
    sum,
    tag('Size', version.size),
    tag('StorageClass', 'STANDARD'),
  ];
}

/** Opaque to callers: the key or common prefix that the page ended with. */
function makeToken(key: string): string {
  return Buffer.from(`1${key}`).toString('base64url');
}

function readToken(token: string): string {
  const bytes = Buffer.from(token, 'base64url');
  const text = bytes.toString('utf8');
  if (text.startsWith('1') && makeToken(text.slice(1)) === token) return text.slice(1);
  throw invalidArgument('continuation-token', token, 'The continuation token provided is incorrect');
}
