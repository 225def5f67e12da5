import { checksumTags } from './checksum.ts';
import { copyBody, findSource, openSource, sourceRange } from './copy-source.ts';
import { notImplemented, S3Error } from './error.ts';
import { partNumberOf, uploadOf } from './multipart.ts';
import { versionHeader } from './object-headers.ts';
import type { Operation } from './request.ts';
import { document, tag } from './xml.ts';

/** UploadPartCopy: a part that is made of an object, or of a range of one. */
export const uploadPartCopy: Operation = async (request, context) => {
  const { buckets, uploads, now } = context;
  const { header, headerNames } = request;
  const customer = headerNames.find((name) => name.startsWith('x-amz-copy-source-server-side-encryption'));
  if (customer) throw notImplemented(`the header ${customer}`);
  const upload = await uploadOf(request, context);
  const number = partNumberOf(request);
  const source = await findSource(request, context);
  const range = sourceRange(header('x-amz-copy-source-range'), source.version.size);
  if (source.version.size === 0 && header('x-amz-copy-source-range') !== undefined)
    throw new S3Error('InvalidRequest', 'The specified copy source is empty', 400);
  const body = await openSource(source, range?.start, range?.end);
  const draft = await buckets.drafts.create();
  try {
    const { md5: etag, checksum } = await copyBody(
      body,
      draft,
      upload.checksum.named ? upload.checksum.algorithm : undefined,
    );
    await draft.finish(Buffer.alloc(0));
    const receivedAt = now();
    await uploads.keep(upload, { number, size: body.length, etag, receivedAt, checksum, draft });
    const copied = versionHeader(source.version, source.bucket.facts)['x-amz-version-id'];
    const modified = tag('LastModified', new Date(receivedAt).toISOString());
    return {
      status: 200,
      headers: {
        'x-amz-server-side-encryption': 'AES256',
        ...(copied && { 'x-amz-copy-source-version-id': copied }),
      },
      body: document('CopyPartResult', modified, tag('ETag', `"${etag}"`), checksumTags(checksum, { withType: false })),
    };
  } catch (error) {
    await draft.discard();
    throw error;
  } finally {
    await body.close();
  }
};
