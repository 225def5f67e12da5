import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { type IncomingHttpHeaders, request } from 'node:http';
import { join } from 'node:path';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { presignS3, type RawRequest, sha256, signS3 } from './support/sign.ts';
import { refused, startS3, type TestS3 } from './support/start-s3.ts';

const Bucket = 'raw-bucket';
let s3: TestS3;
beforeAll(async () => {
  s3 = await startS3();
  const CreateBucketConfiguration = { LocationConstraint: 'eu-west-1' as const };
  await s3.client.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration }));
  await s3.client.send(new PutObjectCommand({ Bucket, Key: 'a b/ü', Body: 'here' }));
});
afterAll(async () => {
  await s3.close();
  expect(s3.reports).toEqual([]);
});

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  /** Code of an error document. */
  code?: string;
}

function send(method: string, path: string, headers: Record<string, string>, body?: string | Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port: s3.port, method, path, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const code = /<Code>(\w+)<\/Code>/.exec(text)?.[1];
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, code });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

const signed = (method: string, url: string, more: Partial<RawRequest> = {}, body?: string | Buffer) =>
  send(method, url, signS3({ method, url, host: `127.0.0.1:${s3.port}`, ...more }), body);

const object = `/${Bucket}/a%20b/%C3%BC`;

describe('requests', () => {
  it('name their bucket in the path or in the host', async () => {
    expect((await signed('GET', object)).text).toBe('here');
    const host = `${Bucket}.s3.eu-west-1.amazonaws.com`;
    expect((await signed('GET', '/a%20b/%C3%BC', { host })).text).toBe('here');
    expect((await signed('GET', '/a%20b/%C3%BC', { host: `${Bucket}.localhost:${s3.port}` })).text).toBe('here');
    expect((await signed('GET', object, { host: 's3.localhost' })).text).toBe('here');
    expect((await signed('GET', '/', { host })).text).toContain('<ListBucketResult');
  });

  it('are answered with ids and a document that names what went wrong', async () => {
    const { status, headers, text } = await signed('GET', `/${Bucket}/none`);
    expect(status).toBe(404);
    expect(headers['content-type']).toBe('application/xml');
    expect(headers['x-amz-request-id']).toMatch(/^[0-9A-F]{16}$/);
    expect(text).toContain('<Key>none</Key>');
    expect(text).toContain(`<RequestId>${headers['x-amz-request-id']}</RequestId>`);
    const head = await signed('HEAD', `/${Bucket}/none`);
    expect(head).toMatchObject({ status: 404, text: '' });
    expect(s3.calls.at(-1)).toMatchObject({ service: 's3', operation: 'HeadObject', status: 404, code: 'NoSuchKey' });
  });

  it('are refused when the signature does not hold', async () => {
    const good = signS3({ method: 'GET', url: object, host: `127.0.0.1:${s3.port}` });
    const broken = async (change: Record<string, string | undefined>, path = object) => {
      const headers = Object.entries({ ...good, ...change }).filter(([, value]) => value !== undefined);
      const { code, status } = await send('GET', path, Object.fromEntries(headers) as Record<string, string>);
      return `${code} ${status}`;
    };
    expect(await broken({})).toBe('undefined 200');
    expect(await broken({}, `/${Bucket}/other`)).toBe('SignatureDoesNotMatch 403');
    expect(await broken({ 'x-amz-content-sha256': undefined })).toBe('InvalidRequest 400');
    expect(await broken({ 'x-amz-content-sha256': 'nonsense' })).toBe('InvalidArgument 400');
    expect(await broken({ 'x-amz-meta-more': 'x' })).toBe('AccessDenied 403');
    expect(await broken({ 'x-amz-security-token': 'x' })).toBe('InvalidToken 400');
    expect(await broken({ authorization: good.authorization?.replace('AKIATEST', 'AKIAOTHER') })).toBe(
      'InvalidAccessKeyId 403',
    );
    expect((await signed('GET', object, { at: Date.now() - 16 * 60_000 })).code).toBe('RequestTimeTooSkewed');
    expect((await signed('GET', object, { region: 'us-west-2' })).text).toContain('<Region>eu-west-1</Region>');
    expect((await signed('GET', `/${Bucket}/%ff`)).code).toBe('InvalidURI');
  });

  it('are refused without a signature, or with one of the older kind', async () => {
    expect(await send('GET', object, {})).toMatchObject({ status: 403, code: 'AccessDenied' });
    const older = await send('GET', `${object}?AWSAccessKeyId=AKIATEST&Signature=x&Expires=9999999999`, {});
    expect(older).toMatchObject({ status: 400, code: 'InvalidRequest' });
  });

  it('CLD-WIR-02 may be presigned, for a time', async () => {
    const presigned = (at: number) => presignS3({ url: object, host: `127.0.0.1:${s3.port}`, at, seconds: 60 });
    const url = presigned(Date.now());
    expect((await send('GET', url, {})).text).toBe('here');
    expect((await send('GET', url.replace(`${Bucket}/a`, `${Bucket}/b`), {})).code).toBe('SignatureDoesNotMatch');
    expect((await send('GET', presigned(Date.now() - 62_000), {})).text).toContain('has expired');
    expect((await send('GET', url.replace('Expires=60', 'Expires=0'), {})).code).toBe(
      'AuthorizationQueryParametersError',
    );
  });

  it('carry the body that was announced', async () => {
    const url = `/${Bucket}/body`;
    const put = async (body: string, headers: Record<string, string>, payload = 'UNSIGNED-PAYLOAD') => {
      const { code, status } = await signed('PUT', url, { headers, payload }, body);
      return code ?? status;
    };
    const length = { 'content-length': '5' };
    expect(await put('hello', length)).toBe(200);
    expect(await put('hello', length, sha256('hello'))).toBe(200);
    expect(await put('hellO', length, sha256('hello'))).toBe('XAmzContentSHA256Mismatch');
    expect(await put('hello', { 'transfer-encoding': 'chunked' })).toBe('MissingContentLength');
    expect(await put('hello', { ...length, 'x-amz-checksum-crc32': 'AAAAAA==' })).toBe('BadDigest');
    expect(await put('hello', { ...length, 'x-amz-checksum-crc32': 'x' })).toBe('InvalidRequest');
    expect(await put('hello', { ...length, 'x-amz-checksum-crc32': 'NhCmhg==' })).toBe(200);
  });

  it('may be framed as aws-chunked, with trailers', async () => {
    const url = `/${Bucket}/chunked`;
    const put = async (body: string, size: number, trailer = 'x-amz-checksum-crc32') => {
      const headers = {
        'content-encoding': 'aws-chunked',
        'content-length': String(body.length),
        'x-amz-decoded-content-length': String(size),
        'x-amz-trailer': trailer,
      };
      const { code, status } = await signed(
        'PUT',
        url,
        { headers, payload: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER' },
        body,
      );
      return code ?? status;
    };
    const crc = 'x-amz-checksum-crc32:NhCmhg==\r\n\r\n';
    expect(await put(`5\r\nhello\r\n0\r\n${crc}`, 5)).toBe(200);
    expect(await put(`2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n${crc}`, 5)).toBe(200);
    const read = await s3.client.send(new GetObjectCommand({ Bucket, Key: 'chunked' }));
    expect(read.ContentEncoding).toBeUndefined();
    expect(await read.Body?.transformToString()).toBe('hello');
    expect(await put(`5\r\nhellO\r\n0\r\n${crc}`, 5)).toBe('BadDigest');
    expect(await put(`5\r\nhello\r\n0\r\n\r\n`, 5)).toBe('InvalidRequest');
    expect(await put(`5\r\nhello\r\n0\r\n${crc}`, 6)).toBe('IncompleteBody');
    expect(await put(`5\r\nhello\r\n0\r\n${crc}`, 4)).toBe('IncompleteBody');
    expect(await put(`5\r\nhel`, 5)).toBe('IncompleteBody');
    expect(await put(`z\r\nhello\r\n0\r\n${crc}`, 5)).toBe('InvalidRequest');
    expect(await put(`5\r\nhello\r\n0\r\nnonsense\r\n\r\n`, 5)).toBe('MalformedTrailerError');
    expect(await put(`5\r\nhello\r\n0\r\n${crc}`, 5, 'x-other')).toBe('NotImplemented');
  });

  it.each([
    ['', 'MalformedXML'],
    ['<a', 'MalformedXML'],
    ['<Delete><Object></Delete>', 'MalformedXML'],
    ['<Delete><Object><Key>&nope;</Key></Object></Delete>', 'MalformedXML'],
    ['<!DOCTYPE a [<!ENTITY b "c">]><Delete/>', 'MalformedXML'],
    ['<Delete></Delete>', 'MalformedXML'],
    ['<Other><Object><Key>k</Key></Object></Other>', 'MalformedXML'],
    ['<a>'.repeat(100), 'MalformedXML'],
    ['<?xml version="1.0"?><x:Delete xmlns:x="y"><x:Object><x:Key>a&#x41;</x:Key></x:Object></x:Delete>', undefined],
  ])('refuse the document %j', async (body, code) => {
    const headers = { 'content-md5': createHash('md5').update(body).digest('base64') };
    expect((await signed('POST', `/${Bucket}?delete`, { headers, payload: sha256(body) }, body)).code).toBe(code);
  });

  it('are refused in words of S3 for what is not there', async () => {
    const code = async (method: string, url: string) => {
      const answer = await signed(method, url);
      return `${answer.code} ${answer.status}`;
    };
    expect(await code('POST', `/${Bucket}?delete`)).toBe('InvalidRequest 400');
    expect(await code('PUT', `/${Bucket}/big?uploadId=none&partNumber=1`)).toBe('NoSuchUpload 404');
    expect(await code('GET', `/${Bucket}/big?partNumber=1`)).toBe('NotImplemented 501');
    expect(await code('GET', `/${Bucket}?policy`)).toBe('NotImplemented 501');
    expect(await code('DELETE', `/${Bucket}?versioning`)).toBe('MethodNotAllowed 405');
    expect(await code('PATCH', `/${Bucket}/a`)).toBe('MethodNotAllowed 405');
    expect(await code('GET', `${object}?versionId=`)).toBe('InvalidArgument 400');
  });

  it('that end early leave no object and no draft', async () => {
    await new Promise<void>((resolve) => {
      const url = `/${Bucket}/cut`;
      const headers = signS3({
        method: 'PUT',
        url,
        host: `127.0.0.1:${s3.port}`,
        headers: { 'content-length': '1000' },
        payload: 'UNSIGNED-PAYLOAD',
      });
      const sent = request({ host: '127.0.0.1', port: s3.port, method: 'PUT', path: url, headers });
      sent.on('error', () => resolve());
      sent.write('only this', () => sent.destroy(new Error('gone')));
    });
    expect(await refused(s3.client.send(new GetObjectCommand({ Bucket, Key: 'cut' })))).toBe('NoSuchKey 404');
    await expect.poll(() => readdir(join(s3.dir, 's3', 'drafts'))).toEqual([]);
  });

  it('S3-OBJ-10 are refused with a checksum that is not of the algorithm which the SDK names, or with none', async () => {
    const put = async (headers: Record<string, string>) => {
      const length = { 'content-length': '1' };
      const answer = await signed(
        'PUT',
        `/${Bucket}/named`,
        { headers: { ...headers, ...length }, payload: 'UNSIGNED-PAYLOAD' },
        'a',
      );
      return answer.code ?? answer.status;
    };
    const crc32 = { 'x-amz-checksum-crc32': '6Le+Qw==' };
    expect(await put({ ...crc32, 'x-amz-sdk-checksum-algorithm': 'CRC32' })).toBe(200);
    expect(await put({ ...crc32, 'x-amz-sdk-checksum-algorithm': 'SHA256' })).toBe('BadDigest');
    expect(await put({ 'x-amz-sdk-checksum-algorithm': 'SHA256' })).toBe('InvalidRequest');
    expect(await put({ 'x-amz-sdk-checksum-algorithm': 'MD4' })).toBe('InvalidRequest');
  });
});
