import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inBucket } from './support/in-bucket.ts';
import { refused, region, startS3, type TestS3 } from './support/start-s3.ts';

const Bucket = 'parts';
const fiveMiB = 5 * 1024 * 1024;

let s3: TestS3;
beforeAll(async () => {
  s3 = await startS3();
  await s3.client.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint: region } }));
});
afterAll(async () => {
  await s3.close();
  expect(s3.reports).toEqual([]);
});

const { put, begin: start, part: sendPart, copyPart, complete } = inBucket(() => s3.client, Bucket);

const begin = async (Key: string) =>
  (await start(Key, { ContentType: 'text/plain', Metadata: { by: 'parts' } })).UploadId;

const send = (Key: string, UploadId: string, PartNumber: number, Body: Buffer | string) =>
  sendPart({ Key, UploadId, PartNumber }, Body);

/** What lies with the drafts. */
const drafts = () => readdir(join(s3.dir, 's3', 'drafts'));

describe('checksums of an upload in parts', () => {
  const first = Buffer.alloc(fiveMiB, 'a');
  const sha256 = (data: Buffer | string) => createHash('sha256').update(data).digest();
  /** A part with the checksum that the SDK makes of it. */
  const part = async (Key: string, UploadId: string, PartNumber: number, Body: Buffer | string, more: object) => {
    const answer = await sendPart({ Key, UploadId, PartNumber }, Body, more);
    const { $metadata, ServerSideEncryption, ...sums } = answer;
    return { PartNumber, ...sums };
  };

  it('S3-OBJ-11 of the type COMPOSITE are made of those of the parts, which a completion names', async () => {
    const Key = 'composite';
    const { UploadId, ChecksumAlgorithm, ChecksumType } = await start(Key, { ChecksumAlgorithm: 'SHA256' });
    expect([ChecksumAlgorithm, ChecksumType]).toEqual(['SHA256', 'COMPOSITE']);
    const sum = { ChecksumAlgorithm: 'SHA256' };
    const one = await part(Key, UploadId, 1, first, sum);
    const two = await part(Key, UploadId, 2, 'end', sum);
    expect(two).toMatchObject({ ChecksumSHA256: sha256('end').toString('base64') });
    await part(Key, UploadId, 5, 'not named', sum);
    const crc = part(Key, UploadId, 3, 'x', { ChecksumAlgorithm: 'CRC32' });
    await expect(crc).rejects.toThrow('expected checksum Type: sha256, actual checksum Type: crc32');
    const plain = s3.connect({ requestChecksumCalculation: 'WHEN_REQUIRED' });
    const bare = plain.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 3, Body: 'x' }));
    await expect(bare).rejects.toThrow('expected checksum Type: sha256, actual checksum Type: null');
    const { Parts } = await s3.client.send(new ListPartsCommand({ Bucket, Key, UploadId }));
    expect(Parts?.map((one) => one.ChecksumSHA256)).toContain(sha256('end').toString('base64'));

    const unnamed = complete(Key, UploadId, [one, { PartNumber: 2, ETag: two.ETag }]);
    await expect(unnamed).rejects.toThrow('It was missing for part 2 in the request.');
    const other = complete(Key, UploadId, [one, two], { ChecksumType: 'FULL_OBJECT' });
    await expect(other).rejects.toThrow('was created using the COMPOSITE checksum mode');
    const wrong = complete(Key, UploadId, [one, two], { ChecksumSHA256: sha256('x').toString('base64') });
    expect(await refused(wrong)).toBe('BadDigest 400');
    expect(await refused(complete(Key, UploadId, [one, two], { MpuObjectSize: 1 }))).toBe('InvalidRequest 400');
    const value = sha256(Buffer.concat([sha256(first), sha256('end')])).toString('base64');
    const done = await complete(Key, UploadId, [one, two], { ChecksumSHA256: value, MpuObjectSize: fiveMiB + 3 });
    expect(done).toMatchObject({ ChecksumSHA256: `${value}-2`, ChecksumType: 'COMPOSITE' });
    const head = await s3.client.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }));
    expect(head).toMatchObject({ ChecksumSHA256: `${value}-2`, ChecksumType: 'COMPOSITE' });
    // The SDK passes over checksums of parts when it reads.
    const read = await s3.client.send(new GetObjectCommand({ Bucket, Key }));
    expect((await read.Body?.transformToByteArray())?.length).toBe(fiveMiB + 3);
  });

  it('S3-OBJ-11 of the type FULL_OBJECT are those of all bytes, whatever the parts say of themselves', async () => {
    const Key = 'whole';
    const chosen = { ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' };
    const { UploadId } = await start(Key, chosen);
    const plain = s3.connect({ requestChecksumCalculation: 'WHEN_REQUIRED' });
    const { ETag, ChecksumCRC32 } = await plain.send(
      new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body: 'hello' }),
    );
    expect(ChecksumCRC32).toBe('NhCmhg==');
    const done = await complete(Key, UploadId, [{ PartNumber: 1, ETag }], { ChecksumCRC32: 'NhCmhg==' });
    expect(done).toMatchObject({ ChecksumCRC32: 'NhCmhg==', ChecksumType: 'FULL_OBJECT' });
    await put('source', 'hello');
    const copied = await start('copied', { ChecksumAlgorithm: 'SHA1' });
    const { CopyPartResult } = await copyPart('source', { Key: 'copied', UploadId: copied.UploadId, PartNumber: 1 });
    const sha1 = createHash('sha1').update('hello').digest('base64');
    expect(CopyPartResult?.ChecksumSHA1).toBe(sha1);
    await complete('copied', copied.UploadId, [{ PartNumber: 1, ...CopyPartResult }]);
  });

  it('S3-OBJ-11 are CRC64NVME where none is chosen, and refused where they do not go together', async () => {
    const plain = s3.connect({ requestChecksumCalculation: 'WHEN_REQUIRED' });
    const Key = 'usual';
    const { UploadId = '' } = await plain.send(new CreateMultipartUploadCommand({ Bucket, Key }));
    const { ETag } = await plain.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body: 'hello' }));
    const done = await complete(Key, UploadId, [{ PartNumber: 1, ETag }]);
    expect(done).toMatchObject({ ChecksumCRC64NVME: 'M3eFcAZSQlc=', ChecksumType: 'FULL_OBJECT' });
    await expect(start(Key, { ChecksumAlgorithm: 'SHA256', ChecksumType: 'FULL_OBJECT' })).rejects.toThrow(
      'The FULL_OBJECT checksum type cannot be used with the sha256 checksum algorithm.',
    );
    await expect(start(Key, { ChecksumAlgorithm: 'CRC64NVME', ChecksumType: 'COMPOSITE' })).rejects.toThrow(
      'The COMPOSITE checksum type cannot be used with the crc64nvme checksum algorithm.',
    );
    await expect(start(Key, { ChecksumAlgorithm: 'CRC16' })).rejects.toThrow(
      'Checksum algorithm provided is unsupported',
    );
  });
});

describe('an upload in parts', () => {
  it('S3-OBJ-07 becomes an object when it is completed, from the parts named, and leaves nothing else', async () => {
    const Key = 'a folder/ü';
    const UploadId = await begin(Key);
    const first = Buffer.alloc(fiveMiB, 'a');
    await send(Key, UploadId, 1, 'replaced by the next of its number');
    const one = await send(Key, UploadId, 1, first);
    const three = await send(Key, UploadId, 3, 'end');
    await send(Key, UploadId, 7, 'not named');
    expect(await refused(s3.client.send(new GetObjectCommand({ Bucket, Key })))).toBe('NoSuchKey 404');
    const Parts = [
      { PartNumber: 1, ETag: one.ETag },
      { PartNumber: 3, ETag: three.ETag },
    ];
    const { ETag } = await complete(Key, UploadId, Parts);
    expect(ETag).toMatch(/^"[0-9a-f]{32}-2"$/);
    const read = await s3.client.send(new GetObjectCommand({ Bucket, Key }));
    expect(read).toMatchObject({ ETag, ContentType: 'text/plain', Metadata: { by: 'parts' } });
    expect(
      Buffer.from((await read.Body?.transformToByteArray()) ?? []).equals(Buffer.concat([first, Buffer.from('end')])),
    ).toBe(true);
    expect(await refused(send(Key, UploadId, 1, 'late'))).toBe('NoSuchUpload 404');
    expect(await drafts()).toEqual([]);
  });

  it('is listed with its parts, over pages, until it is given up', async () => {
    const ids = [await begin('list/1'), await begin('list/2')];
    for (const number of [2, 1, 3]) await send('list/1', ids[0] ?? '', number, `part ${number}`);
    const parts = (more: object) =>
      s3.client.send(new ListPartsCommand({ Bucket, Key: 'list/1', UploadId: ids[0], MaxParts: 2, ...more }));
    const page = await parts({});
    expect(page).toMatchObject({ IsTruncated: true, NextPartNumberMarker: '2' });
    expect(page.Parts?.map(({ PartNumber, Size }) => [PartNumber, Size])).toEqual([
      [1, 6],
      [2, 6],
    ]);
    const rest = await parts({ PartNumberMarker: page.NextPartNumberMarker });
    expect(rest.Parts?.map((one) => one.PartNumber)).toEqual([3]);
    const list = (more: object) =>
      s3.client.send(new ListMultipartUploadsCommand({ Bucket, Prefix: 'list/', MaxUploads: 1, ...more }));
    const { Uploads, NextKeyMarker, NextUploadIdMarker, IsTruncated } = await list({});
    expect([IsTruncated, Uploads?.map((one) => one.UploadId)]).toEqual([true, [ids[0]]]);
    const next = await list({ KeyMarker: NextKeyMarker, UploadIdMarker: NextUploadIdMarker });
    expect([next.IsTruncated, next.Uploads?.map((one) => one.Key)]).toEqual([false, ['list/2']]);
    for (const [index, UploadId] of ids.entries()) {
      await s3.client.send(new AbortMultipartUploadCommand({ Bucket, Key: `list/${index + 1}`, UploadId }));
    }
    expect((await list({})).Uploads).toBeUndefined();
    expect(await refused(parts({}))).toBe('NoSuchUpload 404');
    expect(await drafts()).toEqual([]);
  });

  it('S3-OBJ-07 is refused for parts that are missing, in disorder or too small, and can be completed after that', async () => {
    const Key = 'bad';
    const UploadId = await begin(Key);
    const one = { PartNumber: 1, ETag: (await send(Key, UploadId, 1, 'small')).ETag };
    const two = { PartNumber: 2, ETag: (await send(Key, UploadId, 2, 'small too')).ETag };
    expect(await refused(complete(Key, UploadId, [one, { ...two, ETag: one.ETag }]))).toBe('InvalidPart 400');
    expect(await refused(complete(Key, UploadId, [one, { ...two, PartNumber: 5 }]))).toBe('InvalidPart 400');
    expect(await refused(complete(Key, UploadId, [two, one]))).toBe('InvalidPartOrder 400');
    expect(await refused(complete(Key, UploadId, [one, two]))).toBe('EntityTooSmall 400');
    expect(await refused(complete(Key, UploadId, []))).toBe('MalformedXML 400');
    const wrongSum = [{ ...one, ChecksumCRC32: 'AAAAAA==' }];
    expect(await refused(complete(Key, UploadId, wrongSum))).toBe('InvalidPart 400');
    expect(await refused(complete('other', UploadId, [one]))).toBe('NoSuchUpload 404');
    expect(await refused(send(Key, UploadId, 0, 'x'))).toBe('InvalidArgument 400');
    expect(await refused(send(Key, UploadId, 10_001, 'x'))).toBe('InvalidArgument 400');
    expect(await refused(copyPart('x', { Key, UploadId, PartNumber: 4 }))).toBe('NoSuchKey 404');
    await complete(Key, UploadId, [two]);
    expect((await s3.client.send(new HeadObjectCommand({ Bucket, Key }))).ContentLength).toBe(9);
  });

  it('S3-OBJ-08 takes parts of other objects, or of a range of one', async () => {
    await put('source', 'abcdefghij');
    const UploadId = await begin('copied');
    const copy = (CopySourceRange?: string, more: object = {}) =>
      copyPart('source', { Key: 'copied', UploadId, PartNumber: 1 }, { CopySourceRange, ...more });
    const whole = await copy();
    expect(whole.CopyPartResult?.LastModified).toBeInstanceOf(Date);
    for (const range of ['bytes=2-', 'bytes=5-4', '2-5', 'bytes=0-10'])
      expect(await refused(copy(range))).toBe('InvalidArgument 400');
    expect(await refused(copy(undefined, { CopySourceIfMatch: '"other"' }))).toBe('PreconditionFailed 412');
    expect(await refused(copy(undefined, { UploadId: 'none' }))).toBe('NoSuchUpload 404');
    expect(await refused(copy(undefined, { CopySource: 'nowhere/source' }))).toBe('NoSuchBucket 404');
    const part = await copy('bytes=2-5');
    expect(s3.calls.at(-1)?.operation).toBe('UploadPartCopy');
    await complete('copied', UploadId, [{ PartNumber: 1, ETag: part.CopyPartResult?.ETag }]);
    const object = await s3.client.send(new GetObjectCommand({ Bucket, Key: 'copied' }));
    expect(await object.Body?.transformToString()).toBe('cdef');
  });

  it('S3-OBJ-09 is completed again with the same answer, but with other parts not', async () => {
    const UploadId = await begin('twice');
    const [one, two] = [await send('twice', UploadId, 1, 'x'), await send('twice', UploadId, 2, 'y')];
    const Parts = [{ PartNumber: 1, ETag: one.ETag }];
    const first = await complete('twice', UploadId, Parts);
    expect((await complete('twice', UploadId, Parts)).ETag).toBe(first.ETag);
    expect(await refused(complete('twice', UploadId, [{ PartNumber: 2, ETag: two.ETag }]))).toBe('NoSuchUpload 404');
    expect(await refused(complete('other', UploadId, Parts))).toBe('NoSuchUpload 404');
    const aborted = await begin('gone');
    const part = await send('gone', aborted, 1, 'x');
    await s3.client.send(new AbortMultipartUploadCommand({ Bucket, Key: 'gone', UploadId: aborted }));
    expect(await refused(complete('gone', aborted, [{ PartNumber: 1, ETag: part.ETag }]))).toBe('NoSuchUpload 404');
  });

  it('keeps to the conditions of a write', async () => {
    const ids = [await begin('once'), await begin('once')];
    const parts = await Promise.all(ids.map((id) => send('once', id, 1, 'x')));
    const named = (index: number) => [{ PartNumber: 1, ETag: parts[index]?.ETag }];
    const once = { IfNoneMatch: '*' };
    await complete('once', ids[0] ?? '', named(0), once);
    expect(await refused(complete('once', ids[1] ?? '', named(1), once))).toBe('PreconditionFailed 412');
    await complete('once', ids[1] ?? '', named(1));
  });

  it('ends with its bucket', async () => {
    const other = 'parts-gone';
    const CreateBucketConfiguration = { LocationConstraint: 'eu-west-1' as const };
    await s3.client.send(new CreateBucketCommand({ Bucket: other, CreateBucketConfiguration }));
    const target = { Bucket: other, Key: 'k' };
    const { UploadId } = await s3.client.send(new CreateMultipartUploadCommand(target));
    await s3.client.send(new UploadPartCommand({ ...target, UploadId, PartNumber: 1, Body: 'x' }));
    await s3.client.send(new DeleteBucketCommand({ Bucket: other }));
    expect(await drafts()).toEqual([]);
  });
});
