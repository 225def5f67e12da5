import { mkdtemp, readdir, rm, stat, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { build } from 'esbuild';
import { expect, it, onTestFinished } from 'vitest';
import { spawnCloud, stopCloud } from '../../src/daemon/client.ts';
import { refused, startS3 } from './support/start-s3.ts';

const CreateBucketConfiguration = { LocationConstraint: 'eu-west-1' as const };

async function temporary(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'gp-s3-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

async function files(dir: string): Promise<string[]> {
  const found = await readdir(dir, { recursive: true, withFileTypes: true });
  return found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

it('has all versions, marks and settings again after a restart, for its owner only', async () => {
  const dir = await temporary();
  const Bucket = 'kept';
  const first = await startS3({ dir });
  await first.client.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration }));
  const put = (Key: string, Body: string) =>
    first.client.send(new PutObjectCommand({ Bucket, Key, Body, Metadata: { a: 'b' } }));
  await put('plain', 'old');
  await put('plain', 'new');
  const VersioningConfiguration = { Status: 'Enabled' as const };
  await first.client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
  const one = await put('v', 'one');
  await put('v', 'two');
  await first.client.send(new DeleteObjectCommand({ Bucket, Key: 'gone' }));
  const shown = ({ Versions, DeleteMarkers }: { Versions?: unknown; DeleteMarkers?: unknown }) => ({
    Versions,
    DeleteMarkers,
  });
  const before = shown(await first.client.send(new ListObjectVersionsCommand({ Bucket })));
  await first.close('keep');
  const kept = await files(join(dir, 's3'));
  expect(kept).not.toEqual([]);
  for (const file of kept) expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect((await stat(join(dir, 's3'))).mode & 0o777).toBe(0o700);

  const second = await startS3({ dir });
  onTestFinished(() => second.close());
  expect(shown(await second.client.send(new ListObjectVersionsCommand({ Bucket })))).toEqual(before);
  const read = await second.client.send(new GetObjectCommand({ Bucket, Key: 'v', VersionId: one.VersionId }));
  expect(await read.Body?.transformToString()).toBe('one');
  expect(read.Metadata).toEqual({ a: 'b' });
  expect((await second.client.send(new PutObjectCommand({ Bucket, Key: 'v', Body: '3' }))).VersionId).toMatch(
    /^[\w-]{32}$/,
  );
  expect(second.reports).toEqual([]);
});

it('leaves out a damaged file, says so, and serves the rest', async () => {
  const dir = await temporary();
  const Bucket = 'damaged';
  const first = await startS3({ dir });
  await first.client.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration }));
  await first.client.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'x'.repeat(100) }));
  const [damaged = ''] = await files(join(dir, 's3', 'buckets', Bucket, 'objects'));
  await first.client.send(new PutObjectCommand({ Bucket, Key: 'b', Body: 'good' }));
  await first.close('keep');
  await truncate(damaged, 50);
  const second = await startS3({ dir });
  onTestFinished(() => second.close());
  expect(await refused(second.client.send(new GetObjectCommand({ Bucket, Key: 'a' })))).toBe('NoSuchKey 404');
  const read = await second.client.send(new GetObjectCommand({ Bucket, Key: 'b' }));
  expect(await read.Body?.transformToString()).toBe('good');
  expect(String(second.reports[0])).toContain(damaged);
});

it('S3-OBJ-03 has whole all that it confirmed before its process was killed in the middle of writes', async () => {
  const dir = await temporary();
  const entry = join(dir, 'bundle', 'local-cloud.mjs');
  await build({
    entryPoints: [new URL('../../src/daemon/main.ts', import.meta.url).pathname],
    outfile: entry,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    mainFields: ['module', 'main'],
    banner: { js: "import { createRequire as r } from 'node:module';const require = r(import.meta.url);" },
    logLevel: 'error',
  });
  const home = join(dir, 'home');
  onTestFinished(async () => void (await stopCloud(home)));
  const connect = async () => {
    const { endpoint, region, accessKeyId, secretAccessKey, pid } = await spawnCloud({
      dir: home,
      entry,
      driver: 'simulated',
    });
    return {
      pid,
      client: new S3Client({ endpoint, region, credentials: { accessKeyId, secretAccessKey }, maxAttempts: 1 }),
    };
  };
  const Bucket = 'killed';
  const { pid, client } = await connect();
  await client.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration }));
  const confirmed = new Map<string, string>();
  let ended = 0;
  let killed = false;
  const writer = async (name: string) => {
    for (let n = 0; ; n++) {
      const Body = `${name}${n} `.repeat(5000);
      // Every third over the one before.
      const Key = `${name}/${n - (n % 3)}`;
      try {
        await client.send(new PutObjectCommand({ Bucket, Key, Body }));
      } catch {
        ended++;
        return;
      }
      confirmed.set(Key, Body);
      if (confirmed.size < 40 || killed) continue;
      killed = true;
      process.kill(pid, 'SIGKILL');
    }
  };
  await Promise.all(['a', 'b', 'c', 'd'].map(writer));
  expect(ended).toBe(4);

  const again = await connect();
  const { Contents = [] } = await again.client.send(new ListObjectsV2Command({ Bucket }));
  const there = new Set(Contents.map(({ Key }) => Key));
  expect([...confirmed.keys()].filter((key) => !there.has(key))).toEqual([]);
  for (const { Key = '' } of Contents) {
    const text = await (await again.client.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString();
    // What was in progress may have been made or not, but whole.
    const [word = ''] = text?.split(' ') ?? [];
    expect(text).toBe(`${word} `.repeat(5000));
    const number = (of: string) => Number(of.split(' ')[0]?.slice(1));
    expect(number(word)).toBeGreaterThanOrEqual(number(confirmed.get(Key) ?? 'x0'));
  }
  expect(await readdir(join(home, 's3', 'drafts'))).toEqual([]);
  client.destroy();
  again.client.destroy();
}, 60_000);
