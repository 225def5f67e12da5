import { createHash } from 'node:crypto';
import { checksumTags } from './checksum.ts';
import { writeCondition } from './conditions.ts';
import { invalidArgument, malformedXml, notImplemented, S3Error } from './error.ts';
import {
  checkCompletion,
  checkPart,
  objectDigest,
  readUploadChecksum,
  requirePartChecksums,
  uploadChecksumTags,
  usualOfPart,
} from './multipart-checksum.ts';
import { checkKey } from './names.ts';
import { checksumHeaders, readObjectHeaders, writtenHeaders } from './object-headers.ts';
import { maximumObject } from './payload.ts';
import type { Operation, S3Context, S3Request } from './request.ts';
import { type Part, readPart, type Upload } from './uploads.ts';
import { childText, document, group, parseXml, tag, type XmlElement } from './xml.ts';

/** Every part but the last has at least so many bytes, as with AWS. */
const smallestPart = 5 * 1024 * 1024;
const mostParts = 10_000;

export const createMultipartUpload: Operation = async (request, { buckets, uploads, now }) => {
  await buckets.get(request.bucket);
  const { bucket, key } = request;
  checkKey(key);
  const checksum = readUploadChecksum(request);
  const upload = uploads.start({ bucket, key, startedAt: now(), described: readObjectHeaders(request), checksum });
  const chosen = checksum.named && {
    'x-amz-checksum-algorithm': checksum.algorithm.toUpperCase(),
    'x-amz-checksum-type': checksum.type,
  };
  const names = [tag('Bucket', bucket), tag('Key', key), tag('UploadId', upload.id)];
  return {
    status: 200,
    headers: { 'x-amz-server-side-encryption': 'AES256', ...chosen },
    body: document('InitiateMultipartUploadResult', ...names),
  };
};

export const uploadPart: Operation = async (request, context) => {
  const { buckets, uploads, now } = context;
  const upload = await uploadOf(request, context);
  const number = partNumberOf(request);
  const draft = await buckets.drafts.create();
  try {
    const { size, md5, checksum } = await request.payload.receive((chunk) => draft.write(chunk), usualOfPart(upload));
    const kept = checkPart(upload, checksum);
    await draft.finish(Buffer.alloc(0));
    await uploads.keep(upload, { number, size, etag: md5, receivedAt: now(), checksum: kept, draft });
    const { 'x-amz-checksum-type': _type, ...sums } = checksumHeaders({ checksum });
    return { status: 200, headers: { etag: `"${md5}"`, 'x-amz-server-side-encryption': 'AES256', ...sums } };
  } catch (error) {
    await draft.discard();
    throw error;
  }
};

export const completeMultipartUpload: Operation = async (request, context) => {
  await context.buckets.get(request.bucket);
  const root = parseXml(await request.payload.text());
  return context.uploads.inTurn(uploadId(request), () => complete(request, context, root));
};

async function complete(request: S3Request, { buckets, uploads, now }: S3Context, root: XmlElement) {
  const { bucket: bucketName, key, header } = request;
  const bucket = await buckets.get(bucketName);
  const named = namedParts(root);
  const before = uploads.completed(uploadId(request), bucketName, key, named);
  if (before) return before;
  const upload = uploads.get(uploadId(request), bucketName, key);
  const check = writeCondition(header, key);
  const parts = chosenParts(upload, root);
  const { restore } = uploads.take(upload);
  const draft = await buckets.drafts.create();
  try {
    const md5 = createHash('md5');
    const digest = objectDigest(upload, parts);
    for (const part of parts) {
      md5.update(Buffer.from(part.etag, 'hex'));
      for await (const chunk of readPart(part)) {
        digest.update(chunk);
        await draft.write(chunk);
      }
    }
    const size = parts.reduce((total, part) => total + part.size, 0);
    const etag = `${md5.digest('hex')}-${parts.length}`;
    const checksum = await digest.finish();
    checkCompletion(request, upload, checksum, size);
    const version = await bucket.put(draft, { key, size, etag, checksum, ...upload.described }, now(), check);
    await uploads.end(upload);
    const { etag: _etag, ...headers } = writtenHeaders(version, bucket.facts);
    const location = `/${bucketName}/${key.split('/').map(encodeURIComponent).join('/')}`;
    const names = [tag('Location', location), tag('Bucket', bucketName), tag('Key', key), tag('ETag', `"${etag}"`)];
    names.push(checksumTags(checksum));
    const answer = { status: 200, headers, body: document('CompleteMultipartUploadResult', ...names) };
    uploads.complete(upload.id, { bucket: bucketName, key, parts: named, answer });
    return answer;
  } catch (error) {
    restore();
    throw error;
  } finally {
    await draft.discard();
  }
}

export const abortMultipartUpload: Operation = async (request, { buckets, uploads }) => {
  const { bucket, key } = request;
  await buckets.get(bucket);
  await uploads.inTurn(uploadId(request), () => uploads.end(uploads.get(uploadId(request), bucket, key)));
  return { status: 204 };
};

export const listParts: Operation = async (request, context) => {
  const upload = await uploadOf(request, context);
  const most = wholeNumber(request, 'max-parts', { most: 1000, usual: 1000 });
  const after = wholeNumber(request, 'part-number-marker', { most: mostParts, usual: 0 });
  const left = [...upload.parts.values()].sort((a, b) => a.number - b.number).filter(({ number }) => number > after);
  const page = left.slice(0, most);
  const truncated = left.length > page.length;
  const body = document(
    'ListPartsResult',
    ...[tag('Bucket', upload.bucket), tag('Key', upload.key), tag('UploadId', upload.id)],
    ...[tag('PartNumberMarker', after), tag('NextPartNumberMarker', truncated ? page.at(-1)?.number : undefined)],
    ...[tag('MaxParts', most), tag('IsTruncated', truncated), tag('StorageClass', 'STANDARD')],
    uploadChecksumTags(upload),
    ...page.map(({ number, size, etag, receivedAt, checksum }) => {
      const modified = tag('LastModified', new Date(receivedAt).toISOString());
      const sum = checksumTags(checksum, { withType: false });
      return group('Part', tag('PartNumber', number), modified, tag('ETag', `"${etag}"`), tag('Size', size), sum);
    }),
  );
  return { status: 200, body };
};

export const listMultipartUploads: Operation = async (request, { buckets, uploads }) => {
  const { bucket, query } = request;
  await buckets.get(bucket);
  if (query.get('delimiter')) throw notImplemented('the delimiter of ListMultipartUploads');
  const most = wholeNumber(request, 'max-uploads', { most: 1000, usual: 1000 });
  const [prefix, keyMarker, idMarker] = ['prefix', 'key-marker', 'upload-id-marker'].map((n) => query.get(n) ?? '');
  const all = uploads.of(bucket).filter(({ key }) => key.startsWith(prefix ?? ''));
  const last = all.findLastIndex(({ key, id }) => (idMarker ? id === idMarker : key <= (keyMarker ?? '')));
  const page = all.slice(last + 1, last + 1 + most);
  const truncated = last + 1 + page.length < all.length;
  const next = truncated ? page.at(-1) : undefined;
  const body = document(
    'ListMultipartUploadsResult',
    ...[tag('Bucket', bucket), tag('KeyMarker', keyMarker), tag('UploadIdMarker', idMarker), tag('Prefix', prefix)],
    ...[tag('NextKeyMarker', next?.key), tag('NextUploadIdMarker', next?.id)],
    ...[tag('MaxUploads', most), tag('IsTruncated', truncated)],
    ...page.map((upload) => {
      const begun = tag('Initiated', new Date(upload.startedAt).toISOString());
      const names = [tag('Key', upload.key), tag('UploadId', upload.id), tag('StorageClass', 'STANDARD')];
      return group('Upload', ...names, begun, uploadChecksumTags(upload));
    }),
  );
  return { status: 200, body };
};

export async function uploadOf(request: S3Request, { buckets, uploads }: S3Context): Promise<Upload> {
  const { bucket, key } = request;
  await buckets.get(bucket);
  return uploads.inTurn(uploadId(request), () => uploads.get(uploadId(request), bucket, key));
}

function uploadId({ query }: S3Request): string {
  return query.get('uploadId') ?? '';
}

/** The number of a part that is sent. @throws S3Error `InvalidArgument` */
export function partNumberOf(request: S3Request): number {
  return wholeNumber(request, 'partNumber', { least: 1, most: mostParts });
}

/** What a completion names, to tell whether another one is the same. */
function namedParts(root: XmlElement): string {
  return JSON.stringify(
    root.children.map((part) => part.children.map(({ name, text }) => [name, text.trim().replaceAll('"', '')])),
  );
}

/** The parts that a completion names. @throws S3Error as AWS does for parts that are missing, in disorder or too small */
function chosenParts(upload: Upload, root: XmlElement): Part[] {
  const wanted = root.children.filter(({ name }) => name === 'Part');
  if (root.name !== 'CompleteMultipartUpload' || wanted.length === 0 || wanted.length > mostParts) throw malformedXml();
  requirePartChecksums(upload, wanted);
  const parts = wanted.map((element) => {
    const part = upload.parts.get(Number(childText(element, 'PartNumber')));
    const etag = childText(element, 'ETag')
      ?.trim()
      .replace(/^"(.*)"$/, '$1');
    if (part && part.etag === etag && sumFits(part, element)) return part;
    const message =
      "One or more of the specified parts could not be found. The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.";
    throw new S3Error('InvalidPart', message, 400, { PartNumber: childText(element, 'PartNumber') ?? '' });
  });
  if (parts.some(({ number }, index) => number <= (parts[index - 1]?.number ?? 0))) {
    const message =
      'The list of parts was not in ascending order. The parts list must be specified in order by part number.';
    throw new S3Error('InvalidPartOrder', message, 400);
  }
  const small = parts.slice(0, -1).find(({ size }) => size < smallestPart);
  if (small) {
    const message = 'Your proposed upload is smaller than the minimum allowed object size.';
    const details = {
      ProposedSize: String(small.size),
      MinSizeAllowed: String(smallestPart),
      PartNumber: String(small.number),
    };
    throw new S3Error('EntityTooSmall', message, 400, details);
  }
  const size = parts.reduce((total, part) => total + part.size, 0);
  if (size <= maximumObject) return parts;
  const details = { ProposedSize: String(size), MaxSizeAllowed: String(maximumObject) };
  throw new S3Error('EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size', 400, details);
}

/** A checksum that the completion names for a part has to be the one that came with it. */
function sumFits({ checksum }: Part, element: XmlElement): boolean {
  const named = element.children.filter(({ name }) => name.startsWith('Checksum'));
  return named.every(
    ({ name, text }) => name === `Checksum${checksum?.algorithm.toUpperCase()}` && text.trim() === checksum?.value,
  );
}

/** A number of the query. @throws S3Error `InvalidArgument` */
function wholeNumber(
  { query }: S3Request,
  name: string,
  { least = 0, most, usual }: { least?: number; most: number; usual?: number },
): number {
  const text = query.get(name);
  if ((text === undefined || text === '') && usual !== undefined) return usual;
  const value = Number(text);
  if (/^\d{1,9}$/.test(text ?? '') && value >= least) {
    if (value <= most) return value;
    if (usual !== undefined) return most;
  }
  throw invalidArgument(name, text ?? '', `${name} must be an integer between ${least} and ${most}, inclusive`);
}
