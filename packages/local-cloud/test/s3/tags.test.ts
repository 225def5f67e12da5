import {
  CreateBucketCommand,
  DeleteBucketTaggingCommand,
  DeleteObjectTaggingCommand,
  GetBucketTaggingCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inBucket } from './support/in-bucket.ts';
import { refused, region, startS3, type TestS3 } from './support/start-s3.ts';

const Bucket = 'tagged';
let s3: TestS3;
beforeAll(async () => {
  s3 = await startS3();
  const CreateBucketConfiguration = { LocationConstraint: region } as const;
  await s3.client.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration }));
});
afterAll(async () => {
  await s3.close();
  expect(s3.reports).toEqual([]);
});

const tags = (values: Record<string, string>) => Object.entries(values).map(([Key, Value]) => ({ Key, Value }));
const put = (Key: string, Tagging?: string) =>
  s3.client.send(new PutObjectCommand({ Bucket, Key, Body: 'text', Tagging }));
const read = async (Key: string, VersionId?: string) =>
  (await s3.client.send(new GetObjectTaggingCommand({ Bucket, Key, VersionId }))).TagSet;
const tag = (Key: string, values: Record<string, string>, VersionId?: string) =>
  s3.client.send(new PutObjectTaggingCommand({ Bucket, Key, VersionId, Tagging: { TagSet: tags(values) } }));

const { copy, begin, part, complete } = inBucket(() => s3.client, Bucket);

describe('tags of objects', () => {
  it('S3-TAG-01 come with the object or later, and are counted', async () => {
    await put('plain');
    expect(await read('plain')).toEqual([]);
    await put('a', 'app=api&note=a%20b%26c');
    expect(await read('a')).toEqual(tags({ app: 'api', note: 'a b&c' }));
    expect((await s3.client.send(new HeadObjectCommand({ Bucket, Key: 'a' }))).TagCount).toBe(2);
    await tag('a', { release: 'v1' });
    expect(await read('a')).toEqual(tags({ release: 'v1' }));
    const object = await s3.client.send(new GetObjectCommand({ Bucket, Key: 'a' }));
    expect(object.TagCount).toBe(1);
    expect(await object.Body?.transformToString()).toBe('text');
    await s3.client.send(new DeleteObjectTaggingCommand({ Bucket, Key: 'a' }));
    expect(await read('a')).toEqual([]);
    expect(await refused(read('none'))).toBe('NoSuchKey 404');
  });

  it('S3-TAG-01 are copied with it unless others are given, and come with uploads in parts', async () => {
    await put('from', 'app=api');
    await copy('from', 'copied', { Tagging: 'app=other' });
    expect(await read('copied')).toEqual(tags({ app: 'api' }));
    await copy('from', 'replaced', { Tagging: 'app=other', TaggingDirective: 'REPLACE' });
    expect(await read('replaced')).toEqual(tags({ app: 'other' }));
    expect(await refused(copy('from', 'wrong', { TaggingDirective: 'KEEP' }))).toBe('InvalidArgument 400');
    const Key = 'parts';
    const { UploadId } = await begin(Key, { Tagging: 'by=parts' });
    const { ETag } = await part({ Key, UploadId, PartNumber: 1 }, 'x');
    await complete(Key, UploadId, [{ PartNumber: 1, ETag }]);
    expect(await read(Key)).toEqual(tags({ by: 'parts' }));
  });

  it('S3-TAG-02 are ten at the most, of AWS’s lengths, none twice or reserved', async () => {
    await put('b');
    const many = Object.fromEntries(Array.from({ length: 11 }, (_, n) => [`k${n}`, 'v']));
    expect(await refused(tag('b', many))).toBe('BadRequest 400');
    for (const wrong of [{ 'aws:x': '1' }, { ['k'.repeat(129)]: '1' }, { k: 'v'.repeat(257) }])
      expect(await refused(tag('b', wrong as Record<string, string>))).toBe('InvalidTag 400');
    expect(await refused(put('b', 'a=1&a=2'))).toBe('InvalidArgument 400');
    await tag('b', { ['k'.repeat(128)]: 'v'.repeat(256), constructor: 'x', __proto__x: 'y' });
    expect(await read('b')).toHaveLength(3);
  });

  it('S3-TAG-01 are of a version, and outlive a restart', async () => {
    const versioned = 'versions-tagged';
    const CreateBucketConfiguration = { LocationConstraint: region } as const;
    await s3.client.send(new CreateBucketCommand({ Bucket: versioned, CreateBucketConfiguration }));
    await s3.client.send(
      new PutBucketVersioningCommand({ Bucket: versioned, VersioningConfiguration: { Status: 'Enabled' } }),
    );
    const Key = 'k';
    const first = await s3.client.send(new PutObjectCommand({ Bucket: versioned, Key, Body: '1' }));
    await s3.client.send(new PutObjectCommand({ Bucket: versioned, Key, Body: '2', Tagging: 'n=2' }));
    const VersionId = first.VersionId;
    await s3.client.send(
      new PutObjectTaggingCommand({ Bucket: versioned, Key, VersionId, Tagging: { TagSet: tags({ n: '1' }) } }),
    );
    await s3.close('keep');
    s3 = await startS3({ dir: s3.dir });
    const both = await Promise.all(
      [VersionId, undefined].map((VersionId) =>
        s3.client.send(new GetObjectTaggingCommand({ Bucket: versioned, Key, VersionId })),
      ),
    );
    expect(both.map(({ TagSet }) => TagSet)).toEqual([tags({ n: '1' }), tags({ n: '2' })]);
  });
});

describe('tags of buckets', () => {
  it('S3-TAG-03 are a set, or there is none', async () => {
    const get = () => s3.client.send(new GetBucketTaggingCommand({ Bucket }));
    expect(await refused(get())).toBe('NoSuchTagSet 404');
    await s3.client.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet: tags({ app: 'api' }) } }));
    expect((await get()).TagSet).toEqual(tags({ app: 'api' }));
    await s3.client.send(new DeleteBucketTaggingCommand({ Bucket }));
    expect(await refused(get())).toBe('NoSuchTagSet 404');
    const CreateBucketConfiguration = { LocationConstraint: region as 'eu-west-1', Tags: tags({ made: 'with' }) };
    await s3.client.send(new CreateBucketCommand({ Bucket: 'made-tagged', CreateBucketConfiguration }));
    const made = await s3.client.send(new GetBucketTaggingCommand({ Bucket: 'made-tagged' }));
    expect(made.TagSet).toEqual(tags({ made: 'with' }));
  });
});
