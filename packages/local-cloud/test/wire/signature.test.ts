import { createHash } from 'node:crypto';
import { AutoScalingClient, DescribeAutoScalingGroupsCommand } from '@aws-sdk/client-auto-scaling';
import { DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { ManualClock } from '@golden-pipeline/shared/testing/manual-clock';
import { describe, expect, it } from 'vitest';
import type { WireRequest } from '../../src/wire/call.ts';
import { createResponder } from '../../src/wire/respond.ts';
import { inProcess } from './support/in-process.ts';
import { type Signing, signRequest } from './support/sign.ts';
import { credentials, region } from './support/start-wire.ts';

const clock = new ManualClock();
const now = clock.now();
const reached: string[] = [];
const respond = createResponder({
  tables: {
    ec2: { DescribeInstances: () => void reached.push('ec2') },
    autoscaling: { DescribeAutoScalingGroups: () => void reached.push('autoscaling') },
    elasticloadbalancing: {},
  },
  credentials,
  region: [region, 'us-east-1'],
  clock,
  report: (error) => {
    throw error;
  },
});

const ec2Body = 'Action=DescribeInstances&Version=2016-11-15';
const groupsBody = 'Action=DescribeAutoScalingGroups&Version=2011-01-01';

interface Options extends Partial<Omit<Signing, 'body' | 'credentials'>> {
  body?: string;
  accessKeyId?: string;
  secret?: string;
}

/** A good request for EC2, but for what the test says. */
function signed(options: Options = {}): WireRequest {
  const { body = ec2Body, method = 'POST', query = '', accessKeyId, secret, ...rest } = options;
  const headers = signRequest({
    service: 'ec2',
    region,
    at: now,
    host: '127.0.0.1:4566',
    ...rest,
    body,
    method,
    query,
    credentials: {
      accessKeyId: accessKeyId ?? credentials.accessKeyId,
      secretAccessKey: secret ?? credentials.secretAccessKey,
    },
  });
  return { method, path: '/', query, headers: lists(headers), body: Buffer.from(body) };
}

function lists(headers: Record<string, string>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
}

/** Status and code of the answer; the handler must have been reached exactly when it is 200. */
async function outcome(request: WireRequest): Promise<string> {
  reached.length = 0;
  const { status, document } = await respond(request);
  expect(reached.length > 0).toBe(status === 200);
  return `${status} ${/<Code>(.*?)<\/Code>/.exec(String(document))?.[1] ?? 'ok'}`;
}

describe('what is accepted', () => {
  it('takes a good signature, for each service and region', async () => {
    expect(await outcome(signed())).toBe('200 ok');
    expect(await outcome(signed({ region: 'us-east-1' }))).toBe('200 ok');
    expect(await outcome(signed({ service: 'autoscaling', body: groupsBody }))).toBe('200 ok');
  });

  it('takes a GET with its parameters in the query string', async () => {
    const query = 'Action=DescribeInstances&InstanceId.1=i-%7E1&Version=2016-11-15';
    expect(await outcome(signed({ method: 'GET', body: '', query: query.replace('%7E', '~') }))).toBe('200 ok');
  });

  it('takes a payload hash in a header, when it is right', async () => {
    const hash = createHash('sha256').update(ec2Body).digest('hex');
    expect(await outcome(signed({ headers: { 'x-amz-content-sha256': hash } }))).toBe('200 ok');
    const other = createHash('sha256').update('other').digest('hex');
    expect(await outcome(signed({ headers: { 'x-amz-content-sha256': other } }))).toBe('403 SignatureDoesNotMatch');
    expect(await outcome(signed({ headers: { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } }))).toBe(
      '403 SignatureDoesNotMatch',
    );
  });

  it('CLD-WIR-01 takes a time up to five minutes off, either way', async () => {
    expect(await outcome(signed({ at: now - 5 * 60_000 }))).toBe('200 ok');
    expect(await outcome(signed({ at: now + 5 * 60_000 }))).toBe('200 ok');
    expect(await outcome(signed({ at: now - 5 * 60_000 - 1000 }))).toBe('400 RequestExpired');
    expect(await outcome(signed({ at: now + 5 * 60_000 + 1000 }))).toBe('400 RequestExpired');
  });

  it('folds white space in signed headers', async () => {
    const request = signed({ headers: { 'x-amz-meta': 'a b' } });
    expect(await outcome({ ...request, headers: { ...request.headers, 'x-amz-meta': ['  a   b '] } })).toBe('200 ok');
  });
});

describe('what is refused', () => {
  it('an unknown key', async () => {
    expect(await outcome(signed({ accessKeyId: 'AKIAOTHER' }))).toBe('401 AuthFailure');
    const groups = { service: 'autoscaling', body: groupsBody, accessKeyId: 'AKIAOTHER' };
    expect(await outcome(signed(groups))).toBe('403 InvalidClientTokenId');
  });

  it('a wrong secret', async () => {
    expect(await outcome(signed({ secret: 'other' }))).toBe('403 SignatureDoesNotMatch');
  });

  it('CLD-WIR-01 a tampered body, query, host, method or date', async () => {
    const good = signed();
    const refused = '403 SignatureDoesNotMatch';
    expect(await outcome({ ...good, body: Buffer.from(`${ec2Body}&InstanceId.1=i-2`) })).toBe(refused);
    expect(await outcome({ ...good, query: 'InstanceId.1=i-2' })).toBe(refused);
    expect(await outcome({ ...good, headers: { ...good.headers, host: ['127.0.0.2:4566'] } })).toBe(refused);
    expect(await outcome({ ...good, method: 'GET' })).toBe(refused);
    expect(await outcome({ ...good, headers: { ...good.headers, 'x-amz-date': ['20260101T000001Z'] } })).toBe(refused);
  });

  it('a scope of another service, region or day', async () => {
    expect(await outcome(signed({ service: 's3' }))).toBe('403 SignatureDoesNotMatch');
    expect(await outcome(signed({ service: 'constructor' }))).toBe('501 NotImplemented');
    expect(await outcome(signed({ region: 'eu-north-1' }))).toBe('403 SignatureDoesNotMatch');
    expect(await outcome(signed({ scopeDate: '20251231' }))).toBe('403 SignatureDoesNotMatch');
  });

  it("another service's action under a valid signature", async () => {
    expect(await outcome(signed({ service: 'autoscaling' }))).toBe('400 InvalidAction');
  });

  it('no signature', async () => {
    const { authorization: _, ...headers } = signed().headers;
    expect(await outcome({ ...signed(), headers })).toBe('403 MissingAuthenticationToken');
    expect((await respond({ ...signed(), headers })).document).toContain('<Response><Errors>');
    const groups = signed({ service: 'autoscaling', body: groupsBody });
    expect((await respond({ ...groups, headers })).document).toContain('<ErrorResponse><Error><Type>Sender</Type>');
  });

  it.each([
    'Basic dXNlcjpwYXNz',
    'AWS4-HMAC-SHA256 ',
    'AWS4-HMAC-SHA256 Credential=AKIATEST, SignedHeaders=host, Signature=00',
    `AWS4-HMAC-SHA256 Credential=AKIATEST/20260101/eu-west-1/ec2/aws4_request, SignedHeaders=host;x-amz-date, Signature=${'g'.repeat(64)}`,
  ])('half a signature: %s', async (authorization) => {
    const good = signed();
    const request = { ...good, headers: { ...good.headers, authorization: [authorization] } };
    expect(await outcome(request)).toBe('400 IncompleteSignature');
  });

  it('a signature that leaves out host or date', async () => {
    for (const name of ['host', 'x-amz-date']) {
      const good = signed();
      const header = (good.headers.authorization?.[0] ?? '').replace(name, 'accept');
      const request = { ...good, headers: { ...good.headers, authorization: [header] } };
      expect(await outcome(request)).toBe('403 SignatureDoesNotMatch');
    }
  });

  it('a request without a date', async () => {
    const { 'x-amz-date': _, ...headers } = signed().headers;
    expect(await outcome({ ...signed(), headers })).toBe('400 IncompleteSignature');
  });

  it('CLD-WIR-02 presigned requests with a word why, and session tokens that it has not given out', async () => {
    const { authorization: _, ...headers } = signed().headers;
    const query = 'X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=00';
    const presigned = await respond({ ...signed(), headers, query });
    expect(presigned.document).toContain('Presigned requests are not served here');
    const token = signed({ headers: { 'x-amz-security-token': 'token' } });
    expect(await outcome(token)).toBe('401 AuthFailure');
  });
});

it('refuses what the SDK signs with a wrong secret, as its typed errors', async () => {
  const config = {
    endpoint: 'http://127.0.0.1:1',
    region,
    credentials: { ...credentials, secretAccessKey: 'wrong' },
    maxAttempts: 1,
    systemClockOffset: now - Date.now(),
    requestHandler: inProcess(respond),
  };
  const ec2 = new EC2Client(config).send(new DescribeInstancesCommand({}));
  await expect(ec2).rejects.toMatchObject({ name: 'SignatureDoesNotMatch', $metadata: { httpStatusCode: 403 } });
  const groups = new AutoScalingClient(config).send(new DescribeAutoScalingGroupsCommand({}));
  await expect(groups).rejects.toMatchObject({ name: 'SignatureDoesNotMatch' });
});
