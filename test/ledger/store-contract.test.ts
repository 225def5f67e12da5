import { CreateBucketCommand, type S3Client } from '@aws-sdk/client-s3';
import { systemClock } from '@golden-pipeline/shared/clock';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startS3, type TestS3 } from '../../packages/local-cloud/test/s3/support/start-s3.ts';
import { createFileStore } from '../../src/ledger/file-store.ts';
import { createLedger } from '../../src/ledger/ledger.ts';
import { createS3Store } from '../../src/ledger/s3-store.ts';
import type { Store } from '../../src/ledger/store.ts';
import { createMemoryStore } from '../support/memory-store.ts';
import { draft, folder } from './support/bench.ts';

let s3: TestS3;
let prefix = 0;
const Bucket = 'ledger';
beforeAll(async () => {
  s3 = await startS3();
  const CreateBucketConfiguration = { LocationConstraint: 'eu-west-1' as const };
  await s3.client.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration }));
});
afterAll(async () => {
  await s3.close();
  expect(s3.reports).toEqual([]);
});

const inS3 = (client: S3Client = s3.client, place = `p${prefix++}`) =>
  createS3Store({ client, bucket: Bucket, prefix: place, clock: systemClock() });

/** Each makes two stores on the same, new place. */
const kinds: [string, () => Promise<[Store, Store]>][] = [
  [
    'files',
    async () => {
      const dir = await folder();
      return [createFileStore(dir, systemClock()), createFileStore(dir, systemClock())];
    },
  ],
  [
    'S3',
    async () => {
      const place = `p${prefix++}`;
      return [inS3(s3.client, place), inS3(s3.connect(), place)];
    },
  ],
  [
    'memory',
    async () => {
      const store = createMemoryStore();
      return [store, store];
    },
  ],
];

describe.each(kinds)('the store in %s', (_name, make) => {
  it('writes on condition', async () => {
    const [s] = await make();
    expect(await s.get('a/b')).toBeUndefined();
    const first = await s.put('a/b', 'one ü', 'if-absent');
    expect(first.written).toBe(true);
    expect(await s.put('a/b', 'two', 'if-absent')).toEqual({ written: false });
    const read = await s.get('a/b');
    expect(read).toEqual({ text: 'one ü', etag: first.written && first.etag });
    expect((await s.put('a/b', 'two', { ifMatch: read?.etag ?? '' })).written).toBe(true);
    expect(await s.put('a/b', 'three', { ifMatch: read?.etag ?? '' })).toEqual({ written: false });
    expect(await s.put('a/none', 'x', { ifMatch: 'y' })).toEqual({ written: false });
    await s.put('a/b', 'four', 'always');
    expect((await s.get('a/b'))?.text).toBe('four');
    await s.delete('a/b');
    await s.delete('none/at/all');
    expect(await s.get('a/b')).toBeUndefined();
    expect((await s.put('a/b', '', 'if-absent')).written).toBe(true);
    expect((await s.get('a/b'))?.text).toBe('');
  });

  it('lists by prefix, sorted', async () => {
    const [s, other] = await make();
    for (const key of ['runs/2.api', 'runs/1.api', 'runs/10.api', 'locks/api']) await s.put(key, 'x', 'always');
    expect(await other.list('runs/')).toEqual(['runs/1.api', 'runs/10.api', 'runs/2.api']);
    expect(await s.list('runs/1.')).toEqual(['runs/1.api']);
    expect(await s.list('none/')).toEqual([]);
    expect(await s.list('')).toHaveLength(4);
  });

  it.each(['../x', 'a/../b', '', 'a//b', '.hidden', '/etc/passwd', 'a\nb'])('refuses the key %j', async (key) => {
    const [s] = await make();
    await expect(s.get(key)).rejects.toThrow('not a key');
    await expect(s.put(key, 'x', 'always')).rejects.toThrow('not a key');
  });

  it('lets one of several writers create a key, and refuses to overwrite what was not read', async () => {
    const [one, two] = await make();
    for (let round = 0; round < 10; round++) {
      const puts = [one, two, one, two].map((s, n) => s.put(`first/${round}`, `${n}`, 'if-absent'));
      expect((await Promise.all(puts)).filter(({ written }) => written)).toHaveLength(1);
    }
    await one.put('count', '0', 'always');
    const add = async (s: Store) => {
      for (;;) {
        const read = await s.get('count');
        const next = String(Number(read?.text) + 1);
        if ((await s.put('count', next, { ifMatch: read?.etag ?? '' })).written) return;
      }
    };
    await Promise.all(Array.from({ length: 20 }, (_, n) => add(n % 2 ? one : two)));
    expect((await one.get('count'))?.text).toBe('20');
  });

  it('works for a ledger: versions are given once, a lock has one owner', async () => {
    const stores = await make();
    const [a, b] = stores.map((store, n) =>
      createLedger(store, { environment: 'local', clock: systemClock(), identity: { owner: `o${n}`, host: 'h' } }),
    );
    if (!a || !b) throw new Error('two ledgers');
    const reserved = await Promise.all([a, b, a, b].map((ledger) => ledger.reserveRelease(draft)));
    expect(reserved.map(({ version }) => version).sort()).toEqual(['v1', 'v2', 'v3', 'v4']);
    const lock = await a.lock('api', { command: 'release' });
    await expect(b.lock('api', { command: 'deploy' })).rejects.toMatchObject({ code: 'lock.held' });
    await lock.release();
    await (await b.lock('api', { command: 'deploy' })).release();
    await a.appendJournal(draft.run, 1, { step: 'one' });
    expect(await b.journal(draft.run)).toEqual([{ step: 'one' }]);
  });
});

describe('the store in S3', () => {
  it('recognizes its own write when the answer was lost', async () => {
    const client = s3.connect({ maxAttempts: 3 });
    let lose = true;
    client.middlewareStack.add(
      (next) => async (args) => {
        const answer = await next(args);
        if (!lose) return answer;
        lose = false;
        throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET', name: 'TimeoutError' });
      },
      { step: 'deserialize', priority: 'low' },
    );
    const s = inS3(client);
    expect((await s.put('a', 'mine', 'if-absent')).written).toBe(true);
    expect(lose).toBe(false);
    expect(await s.put('a', 'mine', 'if-absent')).toEqual({ written: false });
  });

  it('reports what is wrong and how to fix it', async () => {
    const options = { client: s3.client, bucket: 'none-such', clock: systemClock() };
    await expect(createS3Store(options).get('a')).rejects.toMatchObject({ code: 'ledger.unusable' });
    const stranger = s3.connect({ credentials: { accessKeyId: 'AKIAOTHER', secretAccessKey: 'x' } });
    await expect(inS3(stranger).list('a/')).rejects.toThrow('not known there');
  });
});
