import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  type GetObjectCommandInput,
  HeadObjectCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inBucket } from './support/in-bucket.ts';
import { refused, startS3, type TestS3 } from './support/start-s3.ts';

const Bucket = 'things';
let s3: TestS3;
beforeAll(async () => {
  s3 = await startS3();
  const CreateBucketConfiguration = { LocationConstraint: 'eu-west-1' as const };
  await s3.client.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration }));
});
afterAll(async () => {
  await s3.close();
  expect(s3.reports).toEqual([]);
});

const { put, copy } = inBucket(() => s3.client, Bucket);
const get = (Key: string, more: Partial<GetObjectCommandInput> = {}) =>
  s3.client.send(new GetObjectCommand({ Bucket, Key, ...more }));
const text = async (Key: string, more: Partial<GetObjectCommandInput> = {}) =>
  (await get(Key, more)).Body?.transformToString();

describe('objects through the SDK', () => {
  it('gives back what was put, with all that was said of it', async () => {
    const answer = await put('a/b.json', '{"a":1}', {
      ContentType: 'application/json',
      CacheControl: 'no-store',
      Metadata: { who: 'anna', empty: '' },
    });
    expect(answer).toMatchObject({ ETag: '"bb6cb5c68df4652941caf652a366f2d8"', ServerSideEncryption: 'AES256' });
    expect(answer.ChecksumCRC32).toMatch(/^[\w+/]{6}==$/);
    expect(answer.VersionId).toBeUndefined();
    const read = await get('a/b.json');
    expect(read).toMatchObject({
      ETag: answer.ETag,
      ContentType: 'application/json',
      CacheControl: 'no-store',
      ContentLength: 7,
      Metadata: { who: 'anna', empty: '' },
      ChecksumCRC32: answer.ChecksumCRC32,
      AcceptRanges: 'bytes',
    });
    expect(await read.Body?.transformToString()).toBe('{"a":1}');
    expect(Date.now() - (read.LastModified?.getTime() ?? 0)).toBeLessThan(10_000);
    const head = await s3.client.send(new HeadObjectCommand({ Bucket, Key: 'a/b.json' }));
    expect(head).toMatchObject({ ETag: answer.ETag, ContentLength: 7, ContentType: 'application/json' });
    await put('plain', Buffer.alloc(0));
    expect((await get('plain')).ContentLength).toBe(0);
    expect(await text('plain')).toBe('');
  });

  it('takes streams, which the SDK sends aws-chunked with the checksum behind them', async () => {
    const bytes = Buffer.alloc(3_000_000, 'streamed ');
    const pieces = [bytes.subarray(0, 1), bytes.subarray(1, 2_000_000), bytes.subarray(2_000_000)];
    await put('stream', Readable.from(pieces), { ContentLength: bytes.length, ContentEncoding: 'gzip' });
    const read = await get('stream');
    expect(read.ContentEncoding).toBe('gzip');
    expect(read.ChecksumCRC32).toBeDefined();
    expect(Buffer.from((await read.Body?.transformToByteArray()) ?? []).equals(bytes)).toBe(true);
  });

  it.each(['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const)('verifies and keeps %s', async (algorithm) => {
    const answer = await put(`sum-${algorithm}`, 'hello', { ChecksumAlgorithm: algorithm });
    const name = `Checksum${algorithm}` as const;
    expect(answer[name]).toBeDefined();
    const read = await get(`sum-${algorithm}`);
    expect(read[name]).toBe(answer[name]);
    expect(await read.Body?.transformToString()).toBe('hello');
    const wrong = await s3.client
      .send(new PutObjectCommand({ Bucket, Key: 'bad', Body: 'other', [name]: answer[name] }))
      .catch((error) => error.name);
    expect(wrong).toBe('BadDigest');
    expect(await refused(get('bad'))).toBe('NoSuchKey 404');
  });

  it('verifies Content-MD5', async () => {
    expect(await refused(put('m', 'hello', { ContentMD5: 'XUFAKrxLKna5cZ2REBfFkg==' }))).toBe('not refused');
    expect(await refused(put('m2', 'hello!', { ContentMD5: 'XUFAKrxLKna5cZ2REBfFkg==' }))).toBe('BadDigest 400');
    expect(await refused(put('m2', 'hello', { ContentMD5: 'nonsense' }))).toBe('InvalidDigest 400');
  });

  it.each([
    '../../etc/passwd',
    '.',
    'a//b',
    '/lead',
    'ü/漢 字+%2F?&=#',
    'x'.repeat(1024),
    'line\nbreak',
    "it's (1)*!~",
  ])('takes the key %j for what it is', async (Key) => {
    await put(Key, Key);
    expect(await text(Key)).toBe(Key);
    await s3.client.send(new DeleteObjectCommand({ Bucket, Key }));
    expect(await refused(get(Key))).toBe('NoSuchKey 404');
  });

  it('S3-OBJ-04 refuses keys that are too long, metadata that is too much, and bodies that are too large', async () => {
    expect(await refused(put('x'.repeat(1025), 'x'))).toBe('KeyTooLongError 400');
    expect(await refused(put('x', 'x', { Metadata: { a: 'b'.repeat(2048) } }))).toBe('MetadataTooLarge 400');
    expect(await refused(put('x', Buffer.alloc(64 * 1024 * 1024 + 1)))).toBe('EntityTooLarge 400');
    const most = Buffer.alloc(64 * 1024 * 1024, 7);
    await put('most', most);
    expect(most.equals((await (await get('most')).Body?.transformToByteArray()) ?? Buffer.alloc(0))).toBe(true);
  }, 60_000);

  it('S3-OBJ-06 gives ranges', async () => {
    await put('range', '0123456789');
    expect(await get('range', { Range: 'bytes=2-4' })).toMatchObject({
      ContentRange: 'bytes 2-4/10',
      ContentLength: 3,
      $metadata: { httpStatusCode: 206 },
    });
    expect(await text('range', { Range: 'bytes=2-4' })).toBe('234');
    expect(await text('range', { Range: 'bytes=7-' })).toBe('789');
    expect(await text('range', { Range: 'bytes=-3' })).toBe('789');
    expect(await text('range', { Range: 'bytes=8-100' })).toBe('89');
    expect(await text('range', { Range: 'bytes=0-1,3-4' })).toBe('0123456789');
    expect(await text('range', { Range: 'lines=0-1' })).toBe('0123456789');
    expect(await refused(get('range', { Range: 'bytes=10-' }))).toBe('InvalidRange 416');
    expect(await refused(get('range', { Range: 'bytes=-0' }))).toBe('InvalidRange 416');
  });

  it('S3-OBJ-06 reads by condition', async () => {
    const { ETag = '' } = await put('cond', 'x');
    const { LastModified } = await get('cond');
    expect(await refused(get('cond', { IfNoneMatch: ETag }))).toMatch(/ 304$/);
    expect(await refused(get('cond', { IfNoneMatch: '"other", *' }))).toMatch(/ 304$/);
    expect(await text('cond', { IfNoneMatch: '"other"' })).toBe('x');
    expect(await text('cond', { IfMatch: ETag })).toBe('x');
    expect(await refused(get('cond', { IfMatch: '"other"' }))).toBe('PreconditionFailed 412');
    expect(await refused(get('cond', { IfModifiedSince: LastModified }))).toMatch(/ 304$/);
    expect(await text('cond', { IfModifiedSince: new Date(0) })).toBe('x');
    expect(await refused(get('cond', { IfUnmodifiedSince: new Date(0) }))).toBe('PreconditionFailed 412');
    expect(await text('cond', { IfUnmodifiedSince: new Date(0), IfMatch: ETag })).toBe('x');
    const head = (more: object) => s3.client.send(new HeadObjectCommand({ Bucket, Key: 'cond', ...more }));
    expect(await refused(head({ IfNoneMatch: ETag }))).toMatch(/ 304$/);
    expect(await refused(head({ IfMatch: '"other"' }))).toMatch(/ 412$/);
  });

  it('S3-OBJ-01 writes and deletes by condition', async () => {
    const { ETag = '' } = await put('once', '1', { IfNoneMatch: '*' });
    expect(await refused(put('once', '2', { IfNoneMatch: '*' }))).toBe('PreconditionFailed 412');
    expect(await refused(put('once', '2', { IfNoneMatch: ETag }))).toBe('NotImplemented 501');
    expect(await refused(put('once', '2', { IfMatch: '"other"' }))).toBe('PreconditionFailed 412');
    expect(await refused(put('none', '2', { IfMatch: ETag }))).toBe('NoSuchKey 404');
    expect(await refused(put('once', '2', { IfMatch: '*' }))).toBe('NotImplemented 501');
    expect(await refused(put('once', '2', { IfMatch: ETag, IfNoneMatch: '*' }))).toBe('NotImplemented 501');
    expect(await text('once')).toBe('1');
    const second = await put('once', '2', { IfMatch: ETag });
    expect(await text('once')).toBe('2');
    const remove = (IfMatch: string) => s3.client.send(new DeleteObjectCommand({ Bucket, Key: 'once', IfMatch }));
    expect(await refused(remove(ETag))).toBe('PreconditionFailed 412');
    await remove(second.ETag ?? '');
    expect(await refused(remove('*'))).toBe('PreconditionFailed 412');
    await put('once', '3', { IfNoneMatch: '*' });
  });

  it('S3-OBJ-10 has a checksum, of the usual algorithm where none is chosen, and copies have one of their source’s', async () => {
    const plain = s3.connect({ requestChecksumCalculation: 'WHEN_REQUIRED' });
    const answer = await plain.send(new PutObjectCommand({ Bucket, Key: 'usual', Body: 'hello' }));
    expect(answer).toMatchObject({ ChecksumCRC64NVME: 'M3eFcAZSQlc=', ChecksumType: 'FULL_OBJECT' });
    expect(answer.ChecksumCRC32).toBeUndefined();
    const copied = async (from: string, ChecksumAlgorithm?: 'SHA256') =>
      (await copy(from, 'copy', { ChecksumAlgorithm })).CopyObjectResult;
    expect(await copied('usual')).toMatchObject({ ChecksumCRC64NVME: answer.ChecksumCRC64NVME });
    const sha256 = createHash('sha256').update('hello').digest('base64');
    expect(await copied('usual', 'SHA256')).toMatchObject({ ChecksumSHA256: sha256, ChecksumType: 'FULL_OBJECT' });
    const read = await s3.client.send(new HeadObjectCommand({ Bucket, Key: 'copy', ChecksumMode: 'ENABLED' }));
    expect(read).toMatchObject({ ChecksumSHA256: sha256, ChecksumType: 'FULL_OBJECT' });
    expect(read.ChecksumCRC64NVME).toBeUndefined();
    const { ChecksumSHA1 } = await put('sha1', 'hello', { ChecksumAlgorithm: 'SHA1' });
    expect(await copied('sha1')).toMatchObject({ ChecksumSHA1 });
    expect(await refused(copied('usual', 'CRC16' as 'SHA256'))).toBe('InvalidRequest 400');
  });

  it('copies, with the metadata or with other', async () => {
    await put('from ü', 'copied', { Metadata: { a: '1' }, ContentType: 'text/plain' });
    const { CopyObjectResult } = await copy('from ü', 'to');
    expect(CopyObjectResult?.ETag).toMatch(/^"[0-9a-f]{32}"$/);
    expect(await get('to')).toMatchObject({ Metadata: { a: '1' }, ContentType: 'text/plain' });
    expect(await text('to')).toBe('copied');
    await copy('from ü', 'to2', { MetadataDirective: 'REPLACE', Metadata: { b: '2' } });
    expect((await get('to2')).Metadata).toEqual({ b: '2' });
    expect(await refused(copy('from ü', 'from ü'))).toBe('InvalidRequest 400');
    expect(await refused(copy('from ü', 'to', { IfNoneMatch: '*' }))).toBe('PreconditionFailed 412');
    expect(await refused(copy('from ü', 'to', { CopySource: `${Bucket}/none` }))).toBe('NoSuchKey 404');
    expect(await refused(copy('from ü', 'to', { CopySourceIfMatch: '"x"' }))).toBe('PreconditionFailed 412');
  });

  it('refuses what it cannot keep', async () => {
    expect(await refused(put('n', 'x', { WebsiteRedirectLocation: '/b' }))).toBe('NotImplemented 501');
    expect(await refused(put('n', 'x', { ServerSideEncryption: 'aws:kms' }))).toBe('NotImplemented 501');
    expect(await refused(put('n', 'x', { StorageClass: 'GLACIER' }))).toBe('InvalidStorageClass 400');
    expect(await refused(put('n', 'x', { ACL: 'public-read' }))).toBe('AccessControlListNotSupported 400');
    expect(await refused(put('n', 'x', { ExpectedBucketOwner: '111111111111' }))).toBe('AccessDenied 403');
    expect(await refused(put('n', 'x', { Bucket: 'none-such' }))).toBe('NoSuchBucket 404');
    expect(await refused(get('n'))).toBe('NoSuchKey 404');
  });
});
