import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FaultyCloud } from './support.ts';

let f: FaultyCloud;
beforeEach(async () => {
  f = await FaultyCloud.start();
});
afterEach(async () => {
  await f.close();
  expect(f.reports).toEqual([]);
});

const last = () => f.cloud.calls.report({ limit: 1 }).calls[0];
const status = (error: { $metadata?: { httpStatusCode?: number } }) => error.$metadata?.httpStatusCode;

describe('S3', () => {
  const put = (Key: string) => f.s3.send(new PutObjectCommand({ Bucket: 'ledger', Key, Body: 'x', IfNoneMatch: '*' }));
  beforeEach(() => f.s3.send(new CreateBucketCommand({ Bucket: 'ledger' })));

  it('a conditional write whose answer was lost is refused when it is tried again', async () => {
    f.cloud.faults.add({ kind: 'cut-after', service: 's3', operation: 'PutObject', count: 1 });
    await expect(put('lock')).rejects.toThrow(/socket hang up|ECONNRESET/);
    expect(last()).toMatchObject({ service: 's3', operation: 'PutObject', status: 0, faults: ['f-1'] });
    await expect(put('lock')).rejects.toMatchObject({ name: 'PreconditionFailed' });
  });

  it('a cut reading leaves no file open, an error is answered in its words', async () => {
    await put('a');
    f.cloud.faults.add({ kind: 'cut-after', operation: 'GetObject', count: 1 });
    const get = () => f.s3.send(new GetObjectCommand({ Bucket: 'ledger', Key: 'a' }));
    await expect(get()).rejects.toThrow(/socket hang up|ECONNRESET/);
    expect(await (await get()).Body?.transformToString()).toBe('x');
    f.cloud.faults.add({ kind: 'error', operation: 'PutObject', count: 1 });
    expect(await put('b').catch((e) => [e.name, status(e)])).toEqual(['InternalError', 500]);
  });

  it('CLD-FLT-05 S3 answers 503 SlowDown over a bucket of choice, and has none that is published', async () => {
    f.cloud.faults.add({ kind: 'throttle', profile: 'published' });
    for (let n = 0; n < 60; n++) await put(`key-${n}`);
    f.cloud.faults.clear();
    f.cloud.faults.add({ kind: 'throttle', service: 's3', capacity: 1, refill: 1 });
    await put('b');
    expect(await put('c').catch((e) => [e.name, status(e)])).toEqual(['SlowDown', 503]);
    f.cloud.faults.clear();
    f.cloud.faults.add({ kind: 'error', service: 's3', code: 'SlowDown', count: 1 });
    expect(await put('c').catch((e) => [e.name, status(e)])).toEqual(['SlowDown', 503]);
    await put('c');
  });
});
