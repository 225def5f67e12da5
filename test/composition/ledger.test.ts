import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { credentials, region, startS3, type TestS3 } from '../../packages/local-cloud/test/s3/support/start-s3.ts';
import { openLedger } from '../../src/composition/ledger.ts';
import { resolveFleet } from '../../src/config/resolve.ts';
import { fakeContext } from '../cli/support/fake-context.ts';
import { minimal } from '../config/support/project.ts';

let s3: TestS3;
beforeEach(async () => {
  s3 = await startS3();
  await s3.client.send(
    new CreateBucketCommand({ Bucket: 'team', CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' } }),
  );
});
afterEach(() => s3.close());

/** The ledger as one machine of the team opens it. */
function open(user: string, environment = 'local') {
  const raw = minimal({
    ledger: { type: 's3', bucket: 'team' },
    environments: { local: { cloud: 'local' }, staging: { cloud: 'local' } },
  });
  const context = fakeContext(['history', 'api'], { env: { PIPELINE_USER: user } });
  return openLedger(context, resolveFleet(raw, environment, '/project'), {
    region,
    endpoint: s3.endpoint,
    credentials,
  });
}

const release = (by: string) => ({
  app: 'api',
  environment: 'local',
  commit: 'a'.repeat(40),
  ref: 'HEAD',
  createdAt: '2026-01-01T00:00:00.000Z',
  createdBy: by,
  run: '',
});

test('two hosts that release at the same time never get the same version', async () => {
  const [one, two] = await Promise.all([open('ann'), open('bob')]);
  const reserved = await Promise.all(
    Array.from({ length: 10 }, (_, n) => (n % 2 ? two : one).ledger.reserveRelease(release(n % 2 ? 'bob' : 'ann'))),
  );
  const versions = reserved.map((record) => record.version);
  expect(new Set(versions).size).toBe(10);
  expect((await one.ledger.releases('api')).map((record) => record.version)).toEqual(
    Array.from({ length: 10 }, (_, n) => `v${n + 1}`),
  );
  one.close();
  two.close();
});

test('a lock that one host holds is refused to another, with its owner', async () => {
  const [one, two] = await Promise.all([open('ann'), open('bob')]);
  const held = await one.ledger.lock('api', { command: 'pipeline release api' });
  await expect(two.ledger.lock('api', { command: 'pipeline release api' })).rejects.toMatchObject({
    code: 'lock.held',
    message: expect.stringContaining('ann'),
  });
  await held.release();
  await (await two.ledger.lock('api', { command: 'pipeline release api' })).release();
  one.close();
  two.close();
});

test('environments in one bucket are separate', async () => {
  const [one, two] = await Promise.all([open('ann'), open('ann', 'staging')]);
  await one.ledger.reserveRelease(release('ann'));
  expect(await two.ledger.releases('api')).toEqual([]);
  one.close();
  two.close();
});
