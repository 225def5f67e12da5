import { createHash } from 'node:crypto';
import { notModified, writeCondition } from './conditions.ts';
import { invalidArgument, invalidRequest, noSuchKey, preconditionFailed, S3Error } from './error.ts';
import { checkKey } from './names.ts';
import { quoted, readObjectHeaders, versionHeader, writtenHeaders } from './object-headers.ts';
import { fileBody, findVersion } from './object-read.ts';
import type { Operation, S3Request } from './request.ts';
import { document, tag } from './xml.ts';

export const copyObject: Operation = async (request, { buckets, now }) => {
  const { key, header } = request;
  const bucket = await buckets.get(request.bucket);
  checkKey(key);
  const source = readSource(request);
  const from = await buckets.get(source.bucket);
  const replace = directive(header('x-amz-metadata-directive')) === 'REPLACE';
  const described = readObjectHeaders(request);
  const check = writeCondition(header, key);
  const original = findVersion(from, source);
  if (!replace && from === bucket && source.key === key && !source.query.has('versionId')) {
    throw invalidRequest(
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
    );
  }
  if (notModified(header, original, 'x-amz-copy-source-')) throw preconditionFailed('x-amz-copy-source-If-None-Match');
  const handle = await from.open(original);
  if (!handle) throw noSuchKey(source.key);
  const body = fileBody(handle, 0, original.size);
  const draft = await buckets.drafts.create();
  try {
    const md5 = createHash('md5');
    if (body.length > 0) {
      for await (const chunk of body.stream()) {
        md5.update(chunk);
        await draft.write(chunk);
      }
    }
    const { headers, metadata } = replace ? described : original;
    const { size, checksum } = original;
    const wanted = { key, size, etag: md5.digest('hex'), checksum, headers, metadata };
    const version = await bucket.put(draft, wanted, now(), check);
    const { etag: _etag, ...answer } = writtenHeaders(version, bucket.facts);
    const copied = versionHeader(original, from.facts)['x-amz-version-id'];
    if (copied) answer['x-amz-copy-source-version-id'] = copied;
    const modified = new Date(version.lastModified).toISOString();
    const sum = checksum && tag(`Checksum${checksum.algorithm.toUpperCase()}`, checksum.value);
    const result = document('CopyObjectResult', tag('LastModified', modified), tag('ETag', quoted(version)), sum ?? '');
    return { status: 200, headers: answer, body: result };
  } finally {
    await body.close();
    await draft.discard();
  }
};

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

function directive(value: string | undefined): 'COPY' | 'REPLACE' {
  if (value === undefined || value === 'COPY') return 'COPY';
  if (value === 'REPLACE') return 'REPLACE';
  throw invalidArgument('x-amz-metadata-directive', value, 'Unknown metadata directive.');
}
