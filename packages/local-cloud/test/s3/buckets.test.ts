import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketAclCommand,
  GetBucketLocationCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refused, region, startS3, type TestS3 } from './support/start-s3.ts';

let s3: TestS3;
beforeAll(async () => {
  s3 = await startS3();
});
afterAll(async () => {
  await s3.close();
  expect(s3.reports).toEqual([]);
});

const create = (Bucket: string, LocationConstraint: string | undefined = 'eu-west-1') =>
  s3.client.send(
    new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint: LocationConstraint as never } }),
  );
const version = (Bucket: string, Status: 'Enabled' | 'Suspended') =>
  s3.client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }));
const put = (Bucket: string, Key: string, Body: string) => s3.client.send(new PutObjectCommand({ Bucket, Key, Body }));
const get = (Bucket: string, Key: string, VersionId?: string) =>
  s3.client.send(new GetObjectCommand({ Bucket, Key, VersionId }));
const text = async (...args: Parameters<typeof get>) => (await get(...args)).Body?.transformToString();
const remove = (Bucket: string, Key: string, VersionId?: string) =>
  s3.client.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));

describe('buckets', () => {
  it('S3-BKT-01 are made once, found, listed and removed when they are empty', async () => {
    expect((await create('one-bucket')).Location).toBe('/one-bucket');
    await create('two-bucket', 'EU');
    expect(await refused(create('one-bucket'))).toBe('BucketAlreadyOwnedByYou 409');
    const { Buckets, Owner } = await s3.client.send(new ListBucketsCommand({}));
    expect(Buckets?.map(({ Name }) => Name)).toEqual(['one-bucket', 'two-bucket']);
    expect(Buckets?.[0]?.CreationDate).toBeInstanceOf(Date);
    expect(Owner?.ID).toMatch(/^[0-9a-f]{64}$/);
    const first = await s3.client.send(new ListBucketsCommand({ MaxBuckets: 1 }));
    expect(first.Buckets).toHaveLength(1);
    const more = await s3.client.send(new ListBucketsCommand({ ContinuationToken: first.ContinuationToken }));
    expect(more.Buckets?.map(({ Name }) => Name)).toEqual(['two-bucket']);
    const head = await s3.client.send(new HeadBucketCommand({ Bucket: 'two-bucket' }));
    expect(head.BucketRegion).toBe('eu-west-1');
    const location = await s3.client.send(new GetBucketLocationCommand({ Bucket: 'two-bucket' }));
    expect(location.LocationConstraint).toBe('eu-west-1');
    await put('two-bucket', 'k', 'x');
    const drop = () => s3.client.send(new DeleteBucketCommand({ Bucket: 'two-bucket' }));
    expect(await refused(drop())).toBe('BucketNotEmpty 409');
    await remove('two-bucket', 'k');
    await remove('two-bucket', 'k');
    await drop();
    expect(await refused(drop())).toBe('NoSuchBucket 404');
    expect(await refused(s3.client.send(new HeadBucketCommand({ Bucket: 'two-bucket' })))).toBe('NotFound 404');
    expect(await refused(put('two-bucket', 'k', 'x'))).toBe('NoSuchBucket 404');
    await create('two-bucket');
  });

  it.each(['Capital', 'under_score', 'a..b', '10.0.0.1', 'xn--x', 'x-s3alias', 'ab-', 'a'.repeat(64), 'ab'])(
    'refuses the name %s',
    async (name) => {
      expect(await refused(create(name))).toBe('InvalidBucketName 400');
    },
  );

  it('S3-BKT-05 are made in us-east-1 without a constraint, and once more; with another region’s in that region', async () => {
    const east = s3.connect({ region: 'us-east-1' });
    const make = (Bucket: string, LocationConstraint?: string) =>
      east.send(
        new CreateBucketCommand({
          Bucket,
          ...(LocationConstraint && { CreateBucketConfiguration: { LocationConstraint: LocationConstraint as never } }),
        }),
      );
    await make('east-bucket');
    await east.send(new PutObjectCommand({ Bucket: 'east-bucket', Key: 'k', Body: 'x' }));
    await make('east-bucket');
    expect(
      await (await east.send(new GetObjectCommand({ Bucket: 'east-bucket', Key: 'k' }))).Body?.transformToString(),
    ).toBe('x');
    const location = await east.send(new GetBucketLocationCommand({ Bucket: 'east-bucket' }));
    expect(location.LocationConstraint).toBeUndefined();
    for (const constraint of ['us-east-1', 'nowhere', 'eu-nowhere-1'])
      expect(await refused(make('east-other', constraint))).toBe('InvalidLocationConstraint 400');
    await make('west-bucket', 'eu-west-1');
    expect(await refused(make('west-bucket', 'eu-west-1'))).toBe('BucketAlreadyOwnedByYou 409');
    expect((await s3.client.send(new HeadBucketCommand({ Bucket: 'west-bucket' }))).BucketRegion).toBe('eu-west-1');
  });

  it('S3-BKT-02 wants the region as constraint', async () => {
    expect(await refused(create('elsewhere', 'us-west-2'))).toBe('IllegalLocationConstraintException 400');
    expect(await refused(create('elsewhere', 'nowhere'))).toBe('InvalidLocationConstraint 400');
    const american = s3.connect({ region: 'us-east-1', followRegionRedirects: false });
    expect(await refused(american.send(new HeadBucketCommand({ Bucket: 'one-bucket' })))).toMatch(/ 301$/);
    const read = new GetObjectCommand({ Bucket: 'one-bucket', Key: 'k' });
    expect(await refused(american.send(read))).toBe('PermanentRedirect 301');
    // The SDK finds the region in the answer.
    const following = s3.connect({ region: 'us-east-1', followRegionRedirects: true });
    expect((await following.send(new HeadBucketCommand({ Bucket: 'one-bucket' }))).BucketRegion).toBe(region);
  });

  it('S3-BKT-06 are answered by HeadBucket without a document', async () => {
    const head = (Bucket: string, ExpectedBucketOwner?: string) =>
      s3.client.send(new HeadBucketCommand({ Bucket, ExpectedBucketOwner }));
    expect(await head('one-bucket', '000000000000')).toMatchObject({ BucketRegion: region, AccessPointAlias: false });
    expect(await refused(head('no-bucket'))).toBe('NotFound 404');
    expect(await refused(head('no-bucket', '111111111111'))).toBe('NotFound 404');
    expect(await refused(head('one-bucket', '111111111111'))).toMatch(/ 403$/);
    expect(await refused(head('one-bucket', 'me'))).toMatch(/ 400$/);
  });

  it('makes a bucket once when many want it', async () => {
    const results = await Promise.all(Array.from({ length: 8 }, () => refused(create('race-bucket'))));
    expect(results.filter((result) => result === 'not refused')).toHaveLength(1);
    for (const result of results)
      expect(result).toMatch(/not refused|BucketAlreadyOwnedByYou 409|OperationAborted 409/);
  });

  it('S3-BKT-04 says clearly what it has not', async () => {
    const acl = s3.client.send(new GetBucketAclCommand({ Bucket: 'one-bucket' }));
    expect(await refused(acl)).toBe('NotImplemented 501');
  });
});

describe('versioning', () => {
  it('S3-BKT-03 keeps versions and delete markers, and brings back what was deleted', async () => {
    const Bucket = 'versions';
    await create(Bucket);
    const status = async () => (await s3.client.send(new GetBucketVersioningCommand({ Bucket }))).Status;
    expect(await status()).toBeUndefined();
    await put(Bucket, 'k', 'zero');
    await version(Bucket, 'Enabled');
    expect(await status()).toBe('Enabled');
    const one = (await put(Bucket, 'k', 'one')).VersionId;
    const two = (await put(Bucket, 'k', 'two')).VersionId;
    expect(one).toMatch(/^[\w-]{32}$/);
    expect(two).not.toBe(one);
    expect([await text(Bucket, 'k'), await text(Bucket, 'k', one), await text(Bucket, 'k', 'null')]).toEqual([
      'two',
      'one',
      'zero',
    ]);
    const marker = await remove(Bucket, 'k');
    expect(marker.DeleteMarker).toBe(true);
    expect(await refused(get(Bucket, 'k'))).toBe('NoSuchKey 404');
    expect(await refused(get(Bucket, 'k', marker.VersionId))).toBe('MethodNotAllowed 405');
    const head = s3.client.send(new HeadObjectCommand({ Bucket, Key: 'k', VersionId: marker.VersionId }));
    expect(await refused(head)).toMatch(/ 405$/);
    expect(await refused(get(Bucket, 'k', 'x'.repeat(32)))).toBe('NoSuchVersion 404');
    // A delete marker is not an object: the key is free for the first writer.
    const listed = await s3.client.send(new ListObjectVersionsCommand({ Bucket }));
    expect(listed.Versions?.map(({ VersionId, IsLatest }) => [VersionId, IsLatest])).toEqual([
      [two, false],
      [one, false],
      ['null', false],
    ]);
    expect(listed.DeleteMarkers?.map(({ VersionId, IsLatest }) => [VersionId, IsLatest])).toEqual([
      [marker.VersionId, true],
    ]);
    const undone = await remove(Bucket, 'k', marker.VersionId);
    expect(undone).toMatchObject({ DeleteMarker: true, VersionId: marker.VersionId });
    expect(await text(Bucket, 'k')).toBe('two');
    await remove(Bucket, 'k', two);
    expect(await text(Bucket, 'k')).toBe('one');
  });

  it('S3-BKT-03 replaces only the null version while suspended', async () => {
    const Bucket = 'suspended';
    await create(Bucket);
    await version(Bucket, 'Enabled');
    const kept = (await put(Bucket, 'k', 'kept')).VersionId;
    await version(Bucket, 'Suspended');
    expect((await put(Bucket, 'k', 'a')).VersionId).toBe('null');
    await put(Bucket, 'k', 'b');
    expect((await remove(Bucket, 'k')).VersionId).toBe('null');
    const { Versions, DeleteMarkers } = await s3.client.send(new ListObjectVersionsCommand({ Bucket }));
    expect(Versions?.map(({ VersionId }) => VersionId)).toEqual([kept]);
    expect(DeleteMarkers?.map(({ VersionId }) => VersionId)).toEqual(['null']);
  });

  it('deletes many at once and says what became of each', async () => {
    const Bucket = 'many';
    await create(Bucket);
    await version(Bucket, 'Enabled');
    const first = await put(Bucket, 'a & <b>', 'x');
    await put(Bucket, 'c', 'x');
    const send = (Objects: { Key: string; VersionId?: string; ETag?: string }[], Quiet = false) =>
      s3.client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet } }));
    const { Deleted, Errors } = await send([
      { Key: 'a & <b>', VersionId: first.VersionId },
      { Key: 'c', ETag: '"wrong"' },
      { Key: 'x'.repeat(1025) },
      { Key: 'none' },
    ]);
    expect(Deleted?.map(({ Key, DeleteMarker }) => [Key, DeleteMarker])).toEqual([
      ['a & <b>', undefined],
      ['none', true],
    ]);
    expect(Errors?.map(({ Key, Code }) => [Key?.slice(0, 3), Code])).toEqual([
      ['c', 'PreconditionFailed'],
      ['xxx', 'KeyTooLongError'],
    ]);
    expect(await send([{ Key: 'c' }], true)).toMatchObject({ $metadata: { httpStatusCode: 200 } });
    const tooMany = Array.from({ length: 1001 }, (_, n) => ({ Key: `k${n}` }));
    expect(await refused(send(tooMany))).toBe('MalformedXML 400');
  });
});
