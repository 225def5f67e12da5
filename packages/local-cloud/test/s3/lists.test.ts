import {
  CreateBucketCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandInput,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
  PutBucketVersioningCommand,
  PutObjectCommand,
  paginateListObjectsV2,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listPage, type Page } from '../../src/s3/listing.ts';
import { compareKeys } from '../../src/s3/names.ts';
import { refused, startS3, type TestS3 } from './support/start-s3.ts';

const Bucket = 'lists';
const keys = ['a', 'b/1', 'b/2', 'b/c/1', 'd+ü %', 'e/1', 'line\u0001break', 'z', '\uffee', '\u{1f600}'];
let s3: TestS3;
beforeAll(async () => {
  s3 = await startS3();
  const CreateBucketConfiguration = { LocationConstraint: 'eu-west-1' as const };
  await s3.client.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration }));
  for (const Key of keys.toReversed()) await s3.client.send(new PutObjectCommand({ Bucket, Key, Body: Key }));
});
afterAll(async () => {
  await s3.close();
  expect(s3.reports).toEqual([]);
});

async function list(more: Partial<ListObjectsV2CommandInput> = {}) {
  const answer = await s3.client.send(new ListObjectsV2Command({ Bucket, EncodingType: 'url', ...more }));
  return {
    ...answer,
    keys: answer.Contents?.map(({ Key = '' }) => decodeURIComponent(Key)),
    prefixes: answer.CommonPrefixes?.map(({ Prefix }) => Prefix),
  };
}

describe('ListObjectsV2', () => {
  it('S3-OBJ-05 lists in the order of UTF-8, with all facts', async () => {
    const answer = await list();
    expect(answer.keys).toEqual(keys);
    expect(answer).toMatchObject({ KeyCount: keys.length, IsTruncated: false, MaxKeys: 1000, Name: Bucket });
    expect(answer.Contents?.[0]).toMatchObject({ ETag: '"0cc175b9c0f1b6a831c399e269772661"', Size: 1 });
    const owned = await list({ FetchOwner: true, MaxKeys: 1 });
    expect(owned.Contents?.[0]?.Owner?.ID).toMatch(/^[0-9a-f]{64}$/);
  });

  it('S3-OBJ-05 groups by a delimiter, over pages', async () => {
    expect(await list({ Delimiter: '/' })).toMatchObject({
      keys: keys.filter((key) => !key.includes('/')),
      prefixes: ['b/', 'e/'],
    });
    expect(await list({ Delimiter: '/', Prefix: 'b/' })).toMatchObject({ keys: ['b/1', 'b/2'], prefixes: ['b/c/'] });
    const seen: unknown[] = [];
    for await (const page of paginateListObjectsV2(
      { client: s3.client, pageSize: 1 },
      { Bucket, Delimiter: '/', Prefix: '' },
    )) {
      expect(page.KeyCount).toBe(1);
      seen.push(page.Contents?.[0]?.Key ?? page.CommonPrefixes?.[0]?.Prefix);
    }
    expect(seen).toHaveLength(8);
    expect(seen.slice(0, 4)).toEqual(['a', 'b/', 'd+ü %', 'e/']);
  });

  it('starts after a key and knows its own tokens only', async () => {
    expect((await list({ StartAfter: 'b/2', MaxKeys: 2 })).keys).toEqual(['b/c/1', 'd+ü %']);
    expect((await list({ MaxKeys: 0 })).IsTruncated).toBe(false);
    expect(await refused(list({ ContinuationToken: 'nonsense' }))).toBe('InvalidArgument 400');
    expect(await refused(list({ MaxKeys: -1 }))).toBe('InvalidArgument 400');
    expect(await refused(list({ EncodingType: 'base64' as never }))).toBe('InvalidArgument 400');
  });

  it('has the older list too', async () => {
    const page = await s3.client.send(new ListObjectsCommand({ Bucket, Delimiter: '/', MaxKeys: 2 }));
    expect(page).toMatchObject({ IsTruncated: true, NextMarker: 'b/' });
    const next = await s3.client.send(new ListObjectsCommand({ Bucket, Delimiter: '/', Marker: 'b/', MaxKeys: 1 }));
    expect(next.Contents?.map(({ Key }) => Key)).toEqual(['d+ü %']);
  });
});

describe('ListObjectVersions', () => {
  it('goes on within the versions of a key', async () => {
    const VersioningConfiguration = { Status: 'Enabled' as const };
    await s3.client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
    for (const Body of ['1', '2', '3']) await s3.client.send(new PutObjectCommand({ Bucket, Key: 'e/1', Body }));
    const seen: (string | undefined)[] = [];
    let marker: { KeyMarker?: string; VersionIdMarker?: string } = {};
    do {
      const page: ListObjectVersionsCommandOutput = await s3.client.send(
        new ListObjectVersionsCommand({ Bucket, Prefix: 'e', MaxKeys: 1, ...marker }),
      );
      seen.push(...(page.Versions ?? []).map(({ VersionId }) => VersionId));
      marker = page.IsTruncated ? { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker } : {};
    } while (marker.KeyMarker);
    expect(seen).toHaveLength(4);
    expect(new Set(seen).size).toBe(4);
    expect(seen.at(-1)).toBe('null');
    const lost = s3.client.send(new ListObjectVersionsCommand({ Bucket, VersionIdMarker: 'x' }));
    expect(await refused(lost)).toBe('InvalidArgument 400');
  });
});

describe('a page', () => {
  it('is never empty while there is more, and pages together are the whole list', () => {
    const all = ['a', 'a/', 'a/b', 'a/c', 'a0', 'b/', 'b/x/y', 'c'].sort(compareKeys);
    for (const delimiter of ['', '/']) {
      for (const prefix of ['', 'a', 'a/', 'b', 'x']) {
        const query = { prefix, delimiter, entries: (key: string) => [key] };
        const whole = listPage(all, { ...query, most: 1000, after: '' });
        for (const most of [1, 2, 3]) {
          const joined: string[] = [];
          for (let after: string | undefined = ''; after !== undefined; ) {
            const page: Page<string> = listPage(all, { ...query, most, after });
            joined.push(...page.entries, ...page.prefixes);
            after = page.next?.key;
          }
          expect(joined.sort()).toEqual([...whole.entries, ...whole.prefixes].sort());
        }
      }
    }
  });
});
