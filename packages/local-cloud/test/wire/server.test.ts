import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { DeleteAutoScalingGroupCommand, DescribeAutoScalingGroupsCommand } from '@aws-sdk/client-auto-scaling';
import { DeleteKeyPairCommand, DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import { systemClock } from '@golden-pipeline/shared/clock';
import { afterEach, expect, it } from 'vitest';
import { CloudError } from '../../src/wire/handler.ts';
import { createWireServer } from '../../src/wire/server.ts';
import { signRequest } from './support/sign.ts';
import { credentials, region, startWire, type TestWire } from './support/start-wire.ts';

let wire: TestWire;
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await wire.close();
});

const body = 'Action=DescribeInstances&Version=2016-11-15';

/** Sends one signed request by hand. */
function post(text: string | Uint8Array): Promise<Response> {
  const host = `127.0.0.1:${wire.port}`;
  const headers = signRequest({ service: 'ec2', region, at: Date.now(), host, credentials, body: text });
  return fetch(wire.endpoint, { method: 'POST', headers, body: text });
}

/** Opens a connection, sends `text` and resolves with all that comes back until it is closed. */
async function raw(text: string): Promise<string> {
  const socket = connect(wire.port, '127.0.0.1');
  sockets.push(socket);
  let received = '';
  socket.on('data', (data) => {
    received += data.toString();
  });
  // The server closes with a request unread: the host may reset the connection, and `once` would fail with that.
  socket.on('error', () => {});
  socket.write(text);
  await new Promise((resolve) => socket.once('close', resolve));
  return received;
}

it('CLD-PER-02 does not confirm a change that could not be written, and tells the log', async () => {
  const disk = { full: true };
  const persist = async () => {
    if (disk.full) throw new Error('ENOSPC');
  };
  const tables = { ec2: { DescribeInstances: () => ({ Reservations: [] }), DeleteKeyPair: () => ({ Return: true }) } };
  const autoscaling = { DeleteAutoScalingGroup: () => undefined };
  wire = await startWire({ ...tables, autoscaling }, { persist });
  const change = () => wire.ec2.send(new DeleteKeyPairCommand({ KeyName: 'k' }));
  await expect(change()).rejects.toMatchObject({ name: 'InternalError', $metadata: { httpStatusCode: 500 } });
  await expect(
    wire.autoscaling.send(new DeleteAutoScalingGroupCommand({ AutoScalingGroupName: 'api' })),
  ).rejects.toMatchObject({ name: 'InternalFailure', $metadata: { httpStatusCode: 500 } });
  expect((await wire.ec2.send(new DescribeInstancesCommand({}))).Reservations).toBeDefined();
  disk.full = false;
  await change();
  expect(wire.calls.map(({ status }) => status)).toEqual([500, 500, 200, 200]);
  expect(wire.reports.map(String)).toEqual(['Error: ENOSPC', 'Error: ENOSPC']);
});

it('answers a defect with 500, tells the log, and goes on', async () => {
  wire = await startWire({
    ec2: {
      DescribeInstances: () => {
        throw new TypeError('a secret of the inside');
      },
    },
    autoscaling: { DescribeAutoScalingGroups: () => ({ AutoScalingGroups: 'no list' }) },
  });
  const first = await wire.ec2.send(new DescribeInstancesCommand({})).catch((e: unknown) => e);
  expect(first).toMatchObject({ name: 'InternalError', $metadata: { httpStatusCode: 500 } });
  expect(String(first)).not.toContain('secret');
  const groups = wire.autoscaling.send(new DescribeAutoScalingGroupsCommand({}));
  await expect(groups).rejects.toMatchObject({ name: 'InternalFailure', $metadata: { httpStatusCode: 500 } });
  expect(wire.reports.map(String)).toEqual([
    'TypeError: a secret of the inside',
    "TypeError: the answer's AutoScalingGroups must be a list, not string no list",
  ]);
});

it('CLD-WIR-08 records every call, good or refused', async () => {
  let answers = 0;
  const DescribeInstances = () => {
    if (answers++ > 0) throw new CloudError('RequestLimitExceeded', 'slow down', 503);
    return { Reservations: [] };
  };
  wire = await startWire({ ec2: { DescribeInstances } });
  const before = Date.now();
  await post(body);
  const refused = await post(body);
  await fetch(wire.endpoint, { method: 'POST', body });
  const by = { operation: 'DescribeInstances', service: 'ec2', accessKeyId: credentials.accessKeyId };
  expect(wire.calls).toMatchObject([
    { ...by, status: 200 },
    { ...by, status: 503, code: 'RequestLimitExceeded' },
    { operation: 'DescribeInstances', service: '', accessKeyId: '', status: 403, code: 'MissingAuthenticationToken' },
  ]);
  expect(wire.calls[0]?.code).toBeUndefined();
  expect(wire.calls[1]?.requestId).toBe(refused.headers.get('x-amzn-requestid'));
  for (const { at, ms } of wire.calls) {
    expect(at).toBeGreaterThanOrEqual(before);
    expect(ms).toBeGreaterThanOrEqual(0);
  }
});

it('survives a recorder that throws', async () => {
  const onCall = () => {
    throw new Error('recorder');
  };
  const reports: unknown[] = [];
  wire = await startWire(
    { ec2: { DescribeInstances: () => ({}) } },
    { onCall, report: (error) => reports.push(error) },
  );
  expect((await post(body)).status).toBe(200);
  expect(reports.map(String)).toEqual(['Error: recorder']);
});

it('CLD-WIR-06 refuses a body over the limit, and takes one at it', async () => {
  wire = await startWire({ ec2: { DescribeInstances: () => ({}) } });
  const start = `${body}&NextToken=`;
  const full = start + 'x'.repeat(1024 * 1024 - start.length);
  expect((await post(full)).status).toBe(200);
  const refused = await post(`${full}x`);
  expect(refused.status).toBe(413);
  expect(await refused.text()).toContain('<Code>RequestEntityTooLarge</Code>');
  expect(wire.calls.at(-1)).toMatchObject({ status: 413, code: 'RequestEntityTooLarge' });
});

it('answers other paths, methods and versions in words', async () => {
  wire = await startWire();
  const path = await fetch(`${wire.endpoint}/elsewhere`);
  expect([path.status, await path.text()]).toEqual([404, expect.stringContaining('at the path / only')]);
  expect((await fetch(wire.endpoint, { method: 'PUT', body: 'x' })).status).toBe(405);
  const version = await post('Action=DescribeInstances&Version=2006-01-01');
  expect(await version.text()).toContain('<Code>NoSuchVersion</Code>');
  expect(await (await post('Version=2016-11-15')).text()).toContain('<Code>MissingAction</Code>');
});

it('hands its own paths to the control, unsigned', async () => {
  wire = await startWire(
    {},
    {
      control: async (_request, response, path) => {
        if (path === '/_local/broken') throw new Error('control');
        if (path !== '/_local/status') return false;
        response.end('up');
        return true;
      },
    },
  );
  expect(await (await fetch(`${wire.endpoint}/_local/status?x=1`)).text()).toBe('up');
  expect((await fetch(`${wire.endpoint}/_local/other`)).status).toBe(404);
  expect((await fetch(`${wire.endpoint}/_local/broken`)).status).toBe(500);
  expect(wire.reports.map(String)).toEqual(['Error: control']);
});

it('CLD-WIR-06 cuts off connections that say nothing, half a header, or half a body', async () => {
  const timeouts = { headers: 100, request: 200, idle: 100 };
  wire = await startWire({ ec2: { DescribeInstances: () => ({}) } }, { timeouts });
  const half = `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nAction=`;
  const answers = await Promise.all(['', 'POST / HTTP/1.1\r\nHost:', half].map(raw));
  for (const answer of answers) expect(answer).toContain('HTTP/1.1 408 Request Timeout');
  expect((await post(body)).status).toBe(200);
  expect(wire.reports).toEqual([]);
});

it('survives what is not HTTP at all, and senders that leave', async () => {
  wire = await startWire({ ec2: { DescribeInstances: () => ({}) } });
  expect(await raw('\u0000\u0001 nonsense\r\n\r\n')).toContain('400 Bad Request');
  expect(await raw(`GET / HTTP/1.1\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`)).toContain('431');
  const socket = connect(wire.port, '127.0.0.1');
  socket.end('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nAction=');
  socket.resume();
  await once(socket, 'close');
  expect((await post(body)).status).toBe(200);
  expect(wire.reports).toEqual([]);
});

it('answers what is in work before it closes', async () => {
  let begun = () => {};
  let finish = () => {};
  const inHandler = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const DescribeInstances = () => {
    begun();
    return new Promise<object>((resolve) => {
      finish = () => resolve({ Reservations: [] });
    });
  };
  wire = await startWire({ ec2: { DescribeInstances } });
  const answer = post(body);
  await inHandler;
  const closed = wire.close();
  finish();
  expect((await answer).status).toBe(200);
  await closed;
  await expect(post(body)).rejects.toThrow();
});

it('refuses a port that is taken, and a table it has no shapes for', async () => {
  wire = await startWire();
  const options = {
    tables: { ec2: {}, autoscaling: {}, elasticloadbalancing: {} },
    credentials,
    region,
    clock: systemClock(),
    report: () => {},
  };
  const second = createWireServer(options);
  await expect(second.listen('127.0.0.1', wire.port)).rejects.toMatchObject({ code: 'EADDRINUSE' });
  await second.close();
  const tables = { ...options.tables, ec2: { DescribeUnicorns: () => ({}) } };
  expect(() => createWireServer({ ...options, tables })).toThrow('no shapes for ec2 DescribeUnicorns');
});
