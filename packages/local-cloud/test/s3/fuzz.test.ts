import { request } from 'node:http';
import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import fc from '@golden-pipeline/shared/testing/fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { signS3 } from './support/sign.ts';
import { startS3, type TestS3 } from './support/start-s3.ts';

let s3: TestS3;
let uploadId: string;
beforeAll(async () => {
  s3 = await startS3();
  const CreateBucketConfiguration = { LocationConstraint: 'eu-west-1' as const };
  await s3.client.send(new CreateBucketCommand({ Bucket: 'fuzz', CreateBucketConfiguration }));
  const open = await s3.client.send(new CreateMultipartUploadCommand({ Bucket: 'fuzz', Key: 'a' }));
  uploadId = open.UploadId ?? '';
});
afterAll(() => s3.close());

const requests = 3000;

const word = (...words: string[]) => fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...words) }, fc.string());
const completion =
  '<CompleteMultipartUpload><Part><PartNumber>2</PartNumber><ETag>"d41d8cd98f00b204e9800998ecf8427e"</ETag></Part></CompleteMultipartUpload>';
/** Stands for the id of an upload that is open, until a wild request ends it. */
const openUpload = 'OPEN';
const query = fc.dictionary(
  word(
    'versionId',
    'prefix',
    'delimiter',
    'max-keys',
    'list-type',
    'delete',
    'versions',
    'versioning',
    'continuation-token',
    'key-marker',
    'version-id-marker',
    'encoding-type',
    'uploads',
    'uploadId',
    'partNumber',
    'response-content-type',
    'location',
    'start-after',
    'tagging',
    'max-parts',
    'part-number-marker',
    'max-uploads',
    'upload-id-marker',
    'x-id',
  ),
  word('', '/', '0', '2', 'url', 'null', '-1', 'MQ', openUpload),
  { maxKeys: 4 },
);
const headers = fc.dictionary(
  fc.constantFrom(
    'range',
    'if-match',
    'if-none-match',
    'if-modified-since',
    'content-md5',
    'x-amz-checksum-crc32',
    'x-amz-copy-source',
    'x-amz-meta-a',
    'x-amz-trailer',
    'x-amz-decoded-content-length',
    'content-encoding',
    'x-amz-acl',
    'x-amz-checksum-sha256',
    'x-amz-storage-class',
    'content-type',
    'x-amz-metadata-directive',
    'x-amz-copy-source-range',
    'x-amz-copy-source-if-match',
    'x-amz-copy-source-if-none-match',
    'x-amz-copy-source-if-modified-since',
    'x-amz-checksum-algorithm',
    'x-amz-sdk-checksum-algorithm',
    'x-amz-checksum-type',
    'x-amz-checksum-mode',
    'x-amz-checksum-crc64nvme',
    'x-amz-mp-object-size',
    'x-amz-tagging',
    'x-amz-tagging-directive',
    'if-unmodified-since',
    'x-amz-expected-bucket-owner',
  ),
  fc
    .oneof(
      fc.constantFrom(
        '*',
        'bytes=0-',
        'bytes=-1',
        'AAAAAA==',
        '/fuzz/a',
        'COPY',
        'aws-chunked',
        '5',
        'x-amz-checksum-crc32',
        'CRC32',
        'sha256',
        'COMPOSITE',
        'FULL_OBJECT',
        'REPLACE',
        'bytes=0-0',
        'a=b',
      ),
      fc.string({ maxLength: 40 }),
    )
    // What HTTP's own client refuses to send, and what a signature folds, is left out.
    .map((text) => text.replace(/[^\x21-\x7e]/g, '')),
  { maxKeys: 4 },
);
const one = fc.record({
  method: fc.constantFrom('GET', 'PUT', 'POST', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH'),
  bucket: word('fuzz', '', 'none', '..'),
  key: word('', 'a', 'a/b', '../x', '%'),
  query,
  headers,
  body: fc.oneof(
    fc.constantFrom(
      '',
      '5\r\nhello\r\n0\r\n\r\n',
      '<Delete><Object><Key>a</Key></Object></Delete>',
      '<CreateBucketConfiguration/>',
      '<Tagging><TagSet><Tag><Key>a</Key></Tag></TagSet></Tagging>',
      completion,
    ),
    fc.string(),
  ),
  payload: fc.constantFrom(
    'UNSIGNED-PAYLOAD',
    'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
    'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
  ),
});

const escaped = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

it(`answers ${requests} wild requests, none with an internal error`, async () => {
  const statuses = new Map<number, number>();
  await fc.assert(
    fc.asyncProperty(one, async ({ method, bucket, key, query, headers, body, payload }) => {
      const pairs = Object.entries(query).map(
        ([name, value]) => `${escaped(name)}=${escaped(value === openUpload ? uploadId : value)}`,
      );
      const url = `/${escaped(bucket)}/${key.split('/').map(escaped).join('/')}${pairs.length > 0 ? `?${pairs.join('&')}` : ''}`;
      const length = { 'content-length': String(Buffer.byteLength(body)) };
      const signed = signS3({ method, url, host: `127.0.0.1:${s3.port}`, headers: { ...headers, ...length }, payload });
      const status = await new Promise<number>((resolve, reject) => {
        const sent = request({ host: '127.0.0.1', port: s3.port, method, path: url, headers: signed }, (response) => {
          response.resume().on('end', () => resolve(response.statusCode ?? 0));
        });
        sent.on('error', reject).end(body);
      });
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      expect(status).not.toBe(500);
      expect(s3.reports).toEqual([]);
    }),
    { numRuns: requests },
  );
  // Wild, but not all refused at the door.
  expect([...statuses.keys()]).toEqual(expect.arrayContaining([200, 400, 404]));
  expect(statuses.get(403) ?? 0).toBeLessThan(requests / 2);
  await s3.client.send(
    new CreateBucketCommand({ Bucket: 'alive', CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' } }),
  );
  await s3.client.send(new PutObjectCommand({ Bucket: 'alive', Key: 'k', Body: 'well' }));
  const read = await s3.client.send(new GetObjectCommand({ Bucket: 'alive', Key: 'k' }));
  expect(await read.Body?.transformToString()).toBe('well');
}, 120_000);
