import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { type Clock, systemClock } from '@golden-pipeline/shared/clock';
import type { CallRecord } from '../../../src/calls/record.ts';
import { createS3Service } from '../../../src/s3/service.ts';
import { createWireServer } from '../../../src/wire/server.ts';

export const credentials = { accessKeyId: 'AKIATEST', secretAccessKey: 'a/secret+key' };
export const region = 'eu-west-1';

export interface TestS3 {
  endpoint: string;
  port: number;
  dir: string;
  calls: CallRecord[];
  reports: unknown[];
  client: S3Client;
  /** Another client of the SDK, which never retries. */
  connect(more?: S3ClientConfig): S3Client;
  /** Ends the server; the folder stays with `keep`. */
  close(keep?: 'keep'): Promise<void>;
}

/** S3 behind a wire server on a free port, in a folder of its own or one of an earlier start. */
export async function startS3({ dir, clock = systemClock() }: { dir?: string; clock?: Clock } = {}): Promise<TestS3> {
  const home = dir ?? (await mkdtemp(join(tmpdir(), 'gp-s3-')));
  const calls: CallRecord[] = [];
  const reports: unknown[] = [];
  const report = (error: unknown) => reports.push(error);
  const s3 = createS3Service({ dir: join(home, 's3'), credentials, regions: [region, 'us-east-1'], clock, report });
  const onCall = (record: CallRecord) => calls.push(record);
  const wire = createWireServer({ tables: {}, s3, credentials, region, clock: systemClock(), onCall, report });
  const { port } = await wire.listen('127.0.0.1', 0);
  const endpoint = `http://127.0.0.1:${port}`;
  const clients: S3Client[] = [];
  const connect = (more: S3ClientConfig = {}) => {
    // A copy: the clients note in it where it came from.
    const client = new S3Client({ endpoint, region, credentials: { ...credentials }, maxAttempts: 1, ...more });
    clients.push(client);
    return client;
  };
  const close = async (keep?: 'keep') => {
    for (const client of clients) client.destroy();
    await wire.close();
    if (!keep) await rm(home, { recursive: true, force: true });
  };
  return { endpoint, port, dir: home, calls, reports, client: connect(), connect, close };
}

/** What a call was refused with: code and status. */
export async function refused(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    const { name, $metadata } = error as { name: string; $metadata?: { httpStatusCode?: number } };
    return `${name} ${$metadata?.httpStatusCode}`;
  }
  return 'not refused';
}
