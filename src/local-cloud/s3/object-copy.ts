import { createHash } from 'node:crypto';
import { writeCondition } from './conditions.ts';
import { findSource, openSource } from './copy-source.ts';
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
  const check = writeCondition(header, key);
  if (!replace && from === bucket && source.key === key && !source.named) {
    throw invalidRequest(
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
    );
  }
  const body = await openSource(source);
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
    const { tags } = retag ? described : original;
    const { size, checksum } = original;
    const wanted = { key, size, etag: md5.digest('hex'), checksum, headers, metadata, tags };
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

function directive({ header }: S3Request, name: string): 'COPY' | 'REPLACE' {
  const value = header(name);
  if (value === undefined || value === 'COPY') return 'COPY';
  if (value === 'REPLACE') return 'REPLACE';
  throw invalidArgument(name, value, `Unknown ${name.includes('tagging') ? 'tagging' : 'metadata'} directive.`);
}
