import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inBucket } from './support/in-bucket.ts';
import { refused, startS3, type TestS3 } from './support/start-s3.ts';

const Bucket = 'race';
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

it('S3-OBJ-02 lets exactly one of two writers be the first, 200 times', async () => {
  const other = s3.connect();
  const put = (client: S3Client, Key: string, Body: string) =>
    refused(client.send(new PutObjectCommand({ Bucket, Key, Body, IfNoneMatch: '*' })));
  for (let round = 0; round < 200; round++) {
    const Key = `lock/${round}`;
    const results = await Promise.all([put(s3.client, Key, 'one'), put(other, Key, 'two')]);
    expect(results.toSorted()).toEqual(['PreconditionFailed 412', 'not refused']);
    const winner = results[0] === 'not refused' ? 'one' : 'two';
    const read = await s3.client.send(new GetObjectCommand({ Bucket, Key }));
    expect(await read.Body?.transformToString()).toBe(winner);
  }
}, 60_000);

it('S3-OBJ-02 never shows a reader half of two texts', async () => {
  const texts = [Buffer.alloc(200_000, 'a'), Buffer.alloc(150_000, 'b')] as const;
  const put = (Body: Buffer) => s3.client.send(new PutObjectCommand({ Bucket, Key: 'torn', Body }));
  await put(texts[0]);
  let writing = true;
  const writers = (async () => {
    for (let round = 0; round < 50; round++) await put(texts[round % 2 ? 0 : 1]);
    writing = false;
  })();
  while (writing) {
    const read = await s3.client.send(new GetObjectCommand({ Bucket, Key: 'torn' }));
    const bytes = Buffer.from((await read.Body?.transformToByteArray()) ?? []);
    expect(texts.some((text) => text.equals(bytes))).toBe(true);
  }
  await writers;
}, 60_000);

describe('an upload in parts that is being completed', () => {
  const calls = inBucket(() => s3.client, Bucket);
  const start = async (Key: string) => {
    const { UploadId } = await calls.begin(Key);
    const part = (PartNumber: number) => calls.part({ Key, UploadId, PartNumber }, `part ${PartNumber}`);
    const complete = (parts: { PartNumber: number; ETag?: string }[], more: object = {}) =>
      calls.complete(Key, UploadId, parts, more);
    return { part, complete };
  };

  it('S3-OBJ-09 answers all that complete it at once alike', async () => {
    const { part, complete } = await start('completed by three');
    const { ETag } = await part(1);
    const answers = await Promise.all([1, 2, 3].map(() => complete([{ PartNumber: 1, ETag }])));
    expect(new Set(answers.map((answer) => answer.ETag)).size).toBe(1);
  });

  it('S3-OBJ-07 keeps the parts that come meanwhile, when the completion is refused', async () => {
    await s3.client.send(new PutObjectCommand({ Bucket, Key: 'there', Body: 'before' }));
    const { part, complete } = await start('there');
    const { ETag } = await part(1);
    const sent = Array.from({ length: 20 }, () => [
      refused(complete([{ PartNumber: 1, ETag }], { IfNoneMatch: '*' })),
      refused(part(2)),
    ]);
    const results = await Promise.all(sent.flat());
    expect(new Set(results)).toEqual(new Set(['PreconditionFailed 412', 'not refused']));
    const { ETag: second } = await part(2);
    await complete([{ PartNumber: 2, ETag: second }]);
  });
});
