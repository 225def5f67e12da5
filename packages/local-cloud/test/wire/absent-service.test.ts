import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signRequest } from './support/sign.ts';
import { credentials, region, startWire, type TestWire } from './support/start-wire.ts';

let wire: TestWire;
beforeAll(async () => {
  wire = await startWire();
});
afterAll(() => wire.close());

/** A signed request for a service, as its clients send it. */
async function call(service: string, path: string, body: string, more: Record<string, string> = {}) {
  const host = `127.0.0.1:${wire.port}`;
  const headers = { ...signRequest({ service, region, at: Date.now(), host, credentials, body }), ...more };
  const answer = await fetch(`${wire.endpoint}${path}`, { method: 'POST', headers, body });
  return { status: answer.status, text: await answer.text(), headers: answer.headers };
}

describe('a service that the local cloud has not', () => {
  it('CLD-WIR-09 is refused by name, with what there is, in the query protocol', async () => {
    const { status, text } = await call('rds', '/', 'Action=DescribeDBInstances&Version=2014-10-31');
    expect(status).toBe(501);
    expect(text).toContain('<Code>NotImplemented</Code>');
    expect(text).toMatch(/does not have the service .*rds.* It has autoscaling, ec2, elasticloadbalancing/);
    expect(wire.calls.at(-1)).toMatchObject({ service: 'rds', code: 'NotImplemented', status: 501 });
  });

  it('CLD-WIR-09 is refused in JSON where that is spoken, with a target or with a path', async () => {
    const target = { 'x-amz-target': 'DynamoDB_20120810.ListTables', 'content-type': 'application/x-amz-json-1.0' };
    const byTarget = await call('dynamodb', '/', '{}', target);
    expect([byTarget.status, JSON.parse(byTarget.text).__type]).toEqual([501, 'NotImplemented']);
    const byPath = await call('lambda', '/2015-03-31/functions', '{}');
    expect([byPath.status, byPath.headers.get('x-amzn-errortype')]).toEqual([501, 'NotImplemented']);
    expect(JSON.parse(byPath.text).message).toContain("'lambda'");
    expect(wire.reports).toEqual([]);
  });
});
