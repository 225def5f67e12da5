import type { Bucket } from './bucket.ts';
import { deleteCondition } from './conditions.ts';
import { invalidArgument, invalidRequest, malformedXml, notImplemented, preconditionFailed, S3Error } from './error.ts';
import { checkKey } from './names.ts';
import type { Operation, S3Context } from './request.ts';
import { childText, document, group, parseXml, tag, type XmlElement } from './xml.ts';

/** Most keys that one request may delete. */
const mostKeys = 1000;

export const deleteObject: Operation = async (request, context) => {
  const { key, header, query } = request;
  for (const name of ['x-amz-if-match-last-modified-time', 'x-amz-if-match-size']) {
    if (header(name) !== undefined) throw notImplemented(`the header ${name}`);
  }
  const bucket = await context.buckets.get(request.bucket);
  const versionId = query.get('versionId');
  if (versionId === '') throw invalidArgument('versionId', '', 'Version id cannot be the empty string');
  const done = await remove(bucket, context, { key, versionId, ifMatch: header('if-match') });
  const headers: Record<string, string> = {};
  if (done.deleteMarker) headers['x-amz-delete-marker'] = 'true';
  if (done.versionId !== undefined) headers['x-amz-version-id'] = done.versionId;
  return { status: 204, headers };
};

export const deleteObjects: Operation = async (request, context) => {
  const bucket = await context.buckets.get(request.bucket);
  if (!request.payload.hasDigest)
    throw invalidRequest('Missing required header for this request: Content-MD5 OR x-amz-checksum-*');
  const root = parseXml(await request.payload.text());
  const wanted = root.children.filter(({ name }) => name === 'Object');
  if (root.name !== 'Delete' || wanted.length === 0 || wanted.length > mostKeys) throw malformedXml();
  const quiet = childText(root, 'Quiet')?.trim() === 'true';
  const results: string[] = [];
  for (const target of wanted.map(readTarget)) results.push(await removeListed(bucket, context, target, quiet));
  return { status: 200, body: document('DeleteResult', ...results) };
};

interface Target {
  key: string;
  versionId?: string;
  ifMatch?: string;
}

interface Removed {
  /** Set when a delete marker was made, or was what was removed. */
  deleteMarker: boolean;
  versionId?: string;
}

async function remove(bucket: Bucket, context: S3Context, { key, versionId, ifMatch }: Target): Promise<Removed> {
  checkKey(key);
  const check = deleteCondition(ifMatch);
  if (versionId !== undefined) {
    const found = await bucket.deleteVersion(key, versionId, check);
    if (ifMatch !== undefined && !found) throw preconditionFailed('If-Match');
    // The current version of a bucket without versions may be named, as `null`.
    if (!found && versionId !== 'null' && !/^[\w-]{32}$/.test(versionId)) throw invalidVersion(versionId);
    return { deleteMarker: found?.deleteMarker ?? false, versionId };
  }
  const { drafts } = context.buckets;
  const marker = await bucket.delete(() => drafts.create(), key, context.now(), check);
  return { deleteMarker: marker !== undefined, versionId: marker?.versionId };
}

/** One key of many: what becomes of it is said in its own element. */
async function removeListed(bucket: Bucket, context: S3Context, target: Target, quiet: boolean): Promise<string> {
  const named = tag('Key', target.key) + tag('VersionId', target.versionId);
  try {
    const { deleteMarker, versionId } = await remove(bucket, context, target);
    if (quiet) return '';
    const marker = deleteMarker ? tag('DeleteMarker', true) + tag('DeleteMarkerVersionId', versionId) : '';
    return group('Deleted', named, marker);
  } catch (error) {
    if (!(error instanceof S3Error)) throw error;
    return group('Error', named, tag('Code', error.code), tag('Message', error.message));
  }
}

function readTarget(element: XmlElement): Target {
  const key = childText(element, 'Key');
  if (key === undefined || key === '') throw malformedXml();
  for (const name of ['LastModifiedTime', 'Size']) {
    if (childText(element, name) !== undefined) throw notImplemented(`the condition ${name} of a delete`);
  }
  return { key, versionId: childText(element, 'VersionId') || undefined, ifMatch: childText(element, 'ETag') };
}

function invalidVersion(versionId: string): S3Error {
  return invalidArgument('versionId', versionId, 'Invalid version id specified');
}
