import { noSuchKey, preconditionFailed, unservedHeader } from './error.ts';
import type { ObjectVersion } from './object-file.ts';

type Header = (name: string) => string | undefined;

/**
 * The conditions of a write, evaluated when it is made: `If-None-Match: *`, or `If-Match` with one tag.
 * @returns a check that throws `PreconditionFailed`, or `NoSuchKey` for If-Match on what is not there
 * @throws S3Error `NotImplemented` for conditions that S3 has only on reads and deletions
 */
export function writeCondition(header: Header, key: string): (current: ObjectVersion | undefined) => void {
  const ifNoneMatch = header('if-none-match');
  const ifMatch = header('if-match');
  if (ifNoneMatch !== undefined && ifMatch !== undefined) throw unservedHeader('If-Match,If-None-Match');
  if (ifNoneMatch !== undefined && ifNoneMatch.trim() !== '*') throw unservedHeader('If-None-Match');
  if (ifMatch?.trim() === '*') throw unservedHeader('If-Match');
  for (const name of ['If-Modified-Since', 'If-Unmodified-Since'])
    if (header(name.toLowerCase()) !== undefined) throw unservedHeader(name);
  return (version) => {
    const current = version?.deleteMarker ? undefined : version;
    if (ifNoneMatch !== undefined && current) throw preconditionFailed('If-None-Match');
    if (ifMatch === undefined) return;
    if (!current) throw noSuchKey(key);
    if (!matches(ifMatch, current.etag)) throw preconditionFailed('If-Match');
  };
}

/** The condition of a delete: with If-Match there must be an object, with this tag. */
export function deleteCondition(ifMatch: string | undefined): (current: ObjectVersion | undefined) => void {
  return (current) => {
    if (ifMatch === undefined) return;
    if (!current || current.deleteMarker || !matches(ifMatch, current.etag)) throw preconditionFailed('If-Match');
  };
}

/**
 * The conditions of a read, in HTTP's order: a tag that is given outweighs a time.
 * @param prefix `x-amz-copy-source-` for the source of a copy, whose failed conditions are all 412
 * @returns true when the caller has the newest already (304)
 * @throws S3Error `PreconditionFailed`
 */
export function notModified(header: Header, version: ObjectVersion, prefix = ''): boolean {
  const read = (name: string) => header(prefix + name);
  const time = (name: string) => Date.parse(read(name) ?? '');
  const ifMatch = read('if-match');
  if (ifMatch !== undefined) {
    if (!matches(ifMatch, version.etag)) throw preconditionFailed('If-Match');
  } else if (version.lastModified > time('if-unmodified-since')) throw preconditionFailed('If-Unmodified-Since');
  const ifNoneMatch = read('if-none-match');
  if (ifNoneMatch !== undefined) return matches(ifNoneMatch, version.etag);
  return version.lastModified <= time('if-modified-since');
}

/** Whether one of a header's tags is this one; quotes may be missing, as S3 allows. */
function matches(header: string, etag: string): boolean {
  return header.split(',').some((part) => {
    const tag = part
      .trim()
      .replace(/^W\//, '')
      .replace(/^"(.*)"$/, '$1');
    return tag === '*' || tag === etag;
  });
}
