import { checksumTags, readAlgorithm, usualAlgorithm } from './checksum.ts';
import { writeCondition } from './conditions.ts';
import { copyBody, findSource, openSource } from './copy-source.ts';
import { invalidArgument, invalidRequest } from './error.ts';
import { checkKey } from './names.ts';
import { quoted, readObjectHeaders, versionHeader, writtenHeaders } from './object-headers.ts';
import type { Operation, S3Request } from './request.ts';
import { document, tag } from './xml.ts';

export const copyObject: Operation = async (request, context) => {
  const { buckets, now } = context;
  const { key, header } = request;
  const bucket = await buckets.get(request.bucket);
  checkKey(key);
  const source = await findSource(request, context);
  const { bucket: from, version: original } = source;
  const replace = directive(request, 'x-amz-metadata-directive') === 'REPLACE';
  const retag = directive(request, 'x-amz-tagging-directive') === 'REPLACE';
  const described = readObjectHeaders(request);
  const algorithm = readAlgorithm(header('x-amz-checksum-algorithm'));
  const check = writeCondition(header, key);
  if (!replace && from === bucket && source.key === key && !source.named) {
    throw invalidRequest(
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
    );
  }
  const body = await openSource(source);
  const draft = await buckets.drafts.create();
  try {
    const { md5, checksum } = await copyBody(body, draft, algorithm ?? original.checksum?.algorithm ?? usualAlgorithm);
    const { headers, metadata } = replace ? described : original;
    const { tags } = retag ? described : original;
    const wanted = { key, size: original.size, etag: md5, checksum, headers, metadata, tags };
    const version = await bucket.put(draft, wanted, now(), check);
    const { etag: _etag, ...answer } = writtenHeaders(version, bucket.facts);
    const copied = versionHeader(original, from.facts)['x-amz-version-id'];
    if (copied) answer['x-amz-copy-source-version-id'] = copied;
    const modified = new Date(version.lastModified).toISOString();
    const about = [tag('LastModified', modified), tag('ETag', quoted(version)), checksumTags(checksum)];
    const result = document('CopyObjectResult', ...about);
    return { status: 200, headers: answer, body: result };
  } finally {
    await body.close();
    await draft.discard();
  }
};

function directive({ header }: S3Request, name: string): 'COPY' | 'REPLACE' {
  const value = header(name);
  if (value === undefined || value === 'COPY') return 'COPY';
  if (value === 'REPLACE') return 'REPLACE';
  throw invalidArgument(name, value, `Unknown ${name.includes('tagging') ? 'tagging' : 'metadata'} directive.`);
}
