import { DescribeAlarmsCommand, GetMetricDataCommand, SetAlarmStateCommand } from '@aws-sdk/client-cloudwatch';
import fc from '@golden-pipeline/shared/testing/fast-check';
import { cbor, dateToTag } from '@smithy/core/cbor';
import { afterEach, describe, expect, it } from 'vitest';
import { CloudError } from '../../src/wire/handler.ts';
import { plain, recording } from './support/record.ts';
import { signRequest } from './support/sign.ts';
import { credentials, region, startWire, type TestWire } from './support/start-wire.ts';

let wire: TestWire;
afterEach(() => wire.close());

const at = new Date('2026-03-01T10:00:00.250Z');
const request = {
  StartTime: at,
  // As a float of seconds, times 1000, this one lies just below its millisecond.
  EndTime: new Date('2038-03-21T05:54:48.798Z'),
  MetricDataQueries: [{ Id: 'a', MetricStat: { Metric: { MetricName: 'ü' }, Period: 60, Stat: 'p99' } }],
};
const answer = {
  MetricDataResults: [{ Id: 'a', Timestamps: [at], Values: [0.25], StatusCode: 'Complete' as const }],
};

async function post(path: string, headers: Record<string, string>, body: string | Uint8Array) {
  const host = new URL(wire.endpoint).host;
  const signed = signRequest({
    ...{ service: 'monitoring', region, at: Date.now(), host, credentials, body, headers, path },
  });
  return fetch(`${wire.endpoint}${path}`, { method: 'POST', headers: signed, body: new Uint8Array(Buffer.from(body)) });
}

const json = (operation: string, body: string) =>
  post('/', { 'x-amz-target': operation, 'content-type': 'application/x-amz-json-1.0' }, body);
const inCbor = (operation: string, body: Uint8Array) =>
  post(`/service/GraniteServiceVersion20100801/operation/${operation}`, { 'smithy-protocol': 'rpc-v2-cbor' }, body);

describe('AWS JSON', () => {
  it('carries calls and answers of the newest client', async () => {
    const { seen, handler } = recording(answer);
    wire = await startWire({ monitoring: { GetMetricData: handler } });
    expect(plain(await wire.cloudwatch.send(new GetMetricDataCommand(request)))).toEqual(answer);
    expect(seen.input).toEqual(request);
    expect(wire.calls[0]).toMatchObject({ operation: 'GetMetricData', service: 'monitoring', status: 200 });
  });

  it("carries refusals as the client's own errors", async () => {
    const SetAlarmState = () => {
      throw new CloudError('ResourceNotFound', 'there is no alarm', 404);
    };
    wire = await startWire({ monitoring: { SetAlarmState } });
    const input = { AlarmName: 'none', StateValue: 'OK' as const, StateReason: 'x' };
    const call = wire.cloudwatch.send(new SetAlarmStateCommand(input));
    await expect(call).rejects.toMatchObject({
      name: 'ResourceNotFound',
      message: 'there is no alarm',
      $fault: 'client',
    });
    expect(wire.calls[0]).toMatchObject({ code: 'ResourceNotFound', status: 404 });
    await expect(wire.cloudwatch.send(new DescribeAlarmsCommand({}))).rejects.toMatchObject({ name: 'InvalidAction' });
  });

  it('refuses bodies and operations that are none', async () => {
    wire = await startWire({ monitoring: { SetAlarmState: () => undefined } });
    const code = async (answered: Response) => [
      answered.status,
      ((await answered.json()) as { __type: string }).__type,
    ];
    const target = 'GraniteServiceVersion20100801.SetAlarmState';
    expect(await code(await json(target, '{'))).toEqual([400, 'SerializationException']);
    expect(await code(await json(target, '[]'))).toEqual([400, 'SerializationException']);
    expect(await code(await json(target, '{"AlarmName":1}'))).toEqual([400, 'SerializationException']);
    expect(await code(await json(target, '{"AlarmName":"a"}'))).toEqual([400, 'ValidationError']);
    expect(await code(await json('GraniteServiceVersion20100801.Foo', '{}'))).toEqual([
      404,
      'UnknownOperationException',
    ]);
    expect(await code(await json('Other.SetAlarmState', '{}'))).toEqual([404, 'UnknownOperationException']);
    expect(wire.reports).toEqual([]);
  });
});

describe('RPC v2 with CBOR', () => {
  it('carries calls, answers and refusals', async () => {
    const { seen, handler } = recording(answer);
    wire = await startWire({ monitoring: { GetMetricData: handler } });
    const sent = { ...request, StartTime: dateToTag(request.StartTime), EndTime: dateToTag(request.EndTime) };
    const answered = await inCbor('GetMetricData', cbor.serialize(sent));
    expect(answered.headers.get('smithy-protocol')).toBe('rpc-v2-cbor');
    expect(seen.input).toEqual(request);
    const read = cbor.deserialize(new Uint8Array(await answered.arrayBuffer()));
    expect(read.MetricDataResults[0]).toMatchObject({
      Values: [0.25],
      Timestamps: [{ tag: 1, value: at.getTime() / 1000 }],
    });
    const refused = await inCbor('DescribeAlarms', cbor.serialize({}));
    expect(refused.headers.get('x-amzn-query-error')).toBe('InvalidAction;Sender');
    expect(cbor.deserialize(new Uint8Array(await refused.arrayBuffer())).__type).toBe('InvalidAction');
  });

  it('answers whatever bytes there are, in either protocol, and goes on', async () => {
    wire = await startWire({ monitoring: { GetMetricData: () => answer } });
    const good = cbor.serialize({ ...request, StartTime: dateToTag(request.StartTime) });
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc.tuple(fc.nat(good.length - 1), fc.nat(255)).map(([index, byte]) => good.with(index, byte)),
    );
    const property = fc.asyncProperty(bytes, async (body) => {
      const [one, two] = [
        await inCbor('GetMetricData', body),
        await json('GraniteServiceVersion20100801.GetMetricData', Buffer.from(body).toString('latin1')),
      ];
      expect(one.status).toBeLessThan(500);
      expect(two.status).toBeLessThan(500);
    });
    await fc.assert(property, { numRuns: 300 });
    expect(wire.reports).toEqual([]);
  });
});
