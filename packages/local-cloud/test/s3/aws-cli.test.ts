import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { credentials, region, startS3, type TestS3 } from './support/start-s3.ts';

const aws = '/usr/bin/aws';
const withoutCli = existsSync(aws) ? '' : " (skipped: needs Debian's awscli, npm run setup -- --with-tests)";

/** Debian's client has an older idea of S3 (botocore's) than the SDK. */
describe.skipIf(withoutCli !== '')(`Debian's aws${withoutCli}`, () => {
  let s3: TestS3;
  let home: string;
  beforeAll(async () => {
    s3 = await startS3();
    home = await mkdtemp(join(tmpdir(), 'gp-s3-cli-'));
  });
  afterAll(async () => {
    await s3.close();
    await rm(home, { recursive: true });
    expect(s3.reports).toEqual([]);
  });

  async function run(...args: string[]): Promise<{ out: string; error: string }> {
    const env = {
      PATH: '/usr/bin:/bin',
      HOME: home,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_DEFAULT_REGION: region,
      AWS_MAX_ATTEMPTS: '1',
      AWS_PAGER: '',
      AWS_EC2_METADATA_DISABLED: 'true',
    };
    const argv = ['--endpoint-url', s3.endpoint, '--output', 'json', ...args];
    const { stdout, stderr } = await execa(aws, argv, { env, extendEnv: false, reject: false, cwd: home });
    return { out: stdout, error: stderr };
  }

  it('makes a bucket, copies files there and back, lists and removes them', async () => {
    expect((await run('s3', 'mb', 's3://cli-bucket')).error).toBe('');
    const body = 'ü\n'.repeat(100_000);
    await writeFile(join(home, 'up.txt'), body);
    expect((await run('s3', 'cp', 'up.txt', 's3://cli-bucket/a folder/ü+&.txt')).error).toBe('');
    expect((await run('s3', 'ls', 's3://cli-bucket')).out).toContain('PRE a folder/');
    expect((await run('s3', 'ls', 's3://cli-bucket/a folder/')).out).toMatch(/ 300000 ü\+&\.txt/);
    expect((await run('s3', 'cp', 's3://cli-bucket/a folder/ü+&.txt', 'down.txt')).error).toBe('');
    expect(await readFile(join(home, 'down.txt'), 'utf8')).toBe(body);
    expect((await run('s3', 'cp', 's3://cli-bucket/a folder/ü+&.txt', 's3://cli-bucket/copy')).error).toBe('');
    // Beyond 8 MiB it sends parts, several at once.
    const large = Buffer.alloc(20 * 1024 * 1024, 'large');
    await writeFile(join(home, 'large'), large);
    expect((await run('s3', 'cp', 'large', 's3://cli-bucket/large')).error).toBe('');
    expect((await run('s3', 'cp', 's3://cli-bucket/large', 'large.back')).error).toBe('');
    expect((await readFile(join(home, 'large.back'))).equals(large)).toBe(true);
    expect((await run('s3', 'rm', 's3://cli-bucket', '--recursive')).error).toBe('');
    expect((await run('s3', 'rb', 's3://cli-bucket')).error).toBe('');
    expect((await run('s3', 'ls')).out).toBe('');
  }, 120_000);

  it('speaks s3api, and shows refusals with their codes', async () => {
    const at = ['--bucket', 'api-bucket'];
    const api = (name: string, ...args: string[]) => run('s3api', name, ...at, ...args);
    expect((await api('create-bucket')).error).toContain('(IllegalLocationConstraintException)');
    const constraint = `LocationConstraint=${region}`;
    expect((await api('create-bucket', '--create-bucket-configuration', constraint)).error).toBe('');
    expect((await api('put-bucket-versioning', '--versioning-configuration', 'Status=Enabled')).error).toBe('');
    await writeFile(join(home, 'body'), 'hello');
    const put = JSON.parse((await api('put-object', '--key', 'k', '--body', 'body', '--metadata', 'a=b')).out);
    expect(put).toMatchObject({ ETag: '"5d41402abc4b2a76b9719d911017c592"' });
    const read = JSON.parse((await api('get-object', '--key', 'k', '--range', 'bytes=1-2', 'part')).out);
    expect(read).toMatchObject({ ContentRange: 'bytes 1-2/5', VersionId: put.VersionId, Metadata: { a: 'b' } });
    expect(await readFile(join(home, 'part'), 'utf8')).toBe('el');
    const marker = JSON.parse((await api('delete-object', '--key', 'k')).out);
    expect(marker.DeleteMarker).toBe(true);
    expect((await api('get-object', '--key', 'k', 'none')).error).toContain('(NoSuchKey)');
    const versions = JSON.parse((await api('list-object-versions')).out);
    expect(versions.Versions).toHaveLength(1);
    expect((await api('delete-bucket')).error).toContain('(BucketNotEmpty)');
    const all = `Objects=[{Key=k,VersionId=${put.VersionId}},{Key=k,VersionId=${marker.VersionId}}]`;
    expect(JSON.parse((await api('delete-objects', '--delete', all)).out).Deleted).toHaveLength(2);
    expect((await api('delete-bucket')).error).toBe('');
  }, 120_000);
});
