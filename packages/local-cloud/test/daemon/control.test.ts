import { DescribeVpcsCommand } from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { controlClient } from '../../src/daemon/control-client.ts';
import { FaultyCloud } from '../faults/support.ts';

let f: FaultyCloud;
beforeAll(async () => {
  f = await FaultyCloud.start();
});
afterAll(async () => {
  await f.close();
  expect(f.reports).toEqual([]);
});
beforeEach(() => void f.cloud.faults.clear());

const ask = (path: string, init: RequestInit = {}, token: string | undefined = f.cloud.controlToken) =>
  fetch(`${f.cloud.endpoint}/_local/${path}`, {
    ...init,
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
  });

describe('the control paths', () => {
  it('answer the status to everybody on this host, and the rest to those who have the token', async () => {
    expect((await fetch(`${f.cloud.endpoint}/_local/status`)).status).toBe(200);
    const wrong = ['', 'x', `${f.cloud.controlToken}x`, f.cloud.credentials.secretAccessKey];
    for (const token of wrong) {
      for (const path of ['faults', 'calls', 'faults/f-1']) expect((await ask(path, {}, token)).status).toBe(401);
    }
    const post = { method: 'POST', body: '{"kind":"latency"}' };
    expect((await fetch(`${f.cloud.endpoint}/_local/faults`, post)).status).toBe(401);
    expect(f.cloud.faults.list()).toEqual([]);
    expect((await ask('faults')).status).toBe(200);
  });

  it.each<[string, RequestInit, number]>([
    ['faults', { method: 'PUT' }, 405],
    ['calls', { method: 'POST', body: '{}' }, 405],
    ['status', { method: 'POST' }, 405],
    ['calls/1', {}, 404],
    ['faults/a/b', {}, 404],
    ['constructor', {}, 404],
    ['', {}, 404],
    ['faults', { method: 'POST', body: '{"kind":' }, 400],
    ['faults', { method: 'POST' }, 400],
    ['faults', { method: 'POST', body: 'null' }, 400],
    ['faults', { method: 'POST', body: '{"kind":"error","rate":2}' }, 400],
    ['faults', { method: 'POST', body: `{"kind":"error","message":"${'x'.repeat(70_000)}"}` }, 400],
    ['faults/f-0', { method: 'DELETE' }, 400],
    ['calls?since=yesterday', {}, 400],
    ['calls?limit=-1', {}, 400],
  ])('%s %j answers %i', async (path, init, status) => {
    expect((await ask(path, init)).status).toBe(status);
    expect(f.cloud.faults.list()).toEqual([]);
  });
});

describe('the control client', () => {
  it('switches faults on and off, and shows them in the status', async () => {
    const control = controlClient(f.cloud);
    const fault = await control.addFault({ kind: 'error', operation: 'DescribeVpcs', rate: 0.5 });
    expect(fault).toMatchObject({ kind: 'error', rate: 0.5, hits: 0 });
    expect(await control.faults()).toMatchObject([{ id: fault.id, active: true }]);
    expect((await control.status()).faults).toMatchObject([{ id: fault.id, active: true }]);
    expect(await control.clearFaults(fault.id)).toBe(1);
    expect(await control.clearFaults()).toBe(0);
  });

  it('reads and resets the record of calls', async () => {
    const control = controlClient(f.cloud);
    await control.resetCalls();
    await f.ec2.send(new DescribeVpcsCommand({}));
    await f.ec2.send(new DescribeVpcsCommand({}));
    const { calls, totals } = await control.calls({ operation: 'DescribeV*', limit: 1 });
    expect(calls).toMatchObject([{ operation: 'DescribeVpcs', status: 200 }]);
    expect(totals).toMatchObject([{ operation: 'DescribeVpcs', calls: 2 }]);
    expect(await control.calls({ since: Date.now() + 60_000 })).toMatchObject({ calls: [] });
  });

  it('tells wrong requests, a wrong token and a cloud that is gone in words', async () => {
    const control = controlClient(f.cloud);
    await expect(control.addFault({ kind: 'zone-lost' })).rejects.toMatchObject({
      outcome: 'usage',
      code: 'fault.missing',
    });
    await expect(controlClient({ ...f.cloud, controlToken: 'x' }).faults()).rejects.toMatchObject({
      code: 'local.not-authorized',
    });
    const gone = controlClient({ endpoint: 'http://127.0.0.1:1', controlToken: 'x' });
    await expect(gone.status()).rejects.toMatchObject({ code: 'local.no-answer' });
  });
});
