import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DescribeVpcsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { systemClock } from '@golden-pipeline/shared/clock';
import { type LocalCloud, startLocalCloud } from 'golden-pipeline-local-cloud';
import { faultKinds } from 'golden-pipeline-local-cloud/client';
import { processRef } from 'golden-pipeline-local-cloud/machines';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { faultKindNames } from '../../../src/cli/commands/local-commands.ts';
import { runCli } from '../../../src/cli/main.ts';
import { fakeContext } from '../support/fake-context.ts';

let folder = '';
let cloud: LocalCloud;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fault-'));
  cloud = await startLocalCloud({ dir: join(folder, 'cloud'), driver: 'simulated' });
  // As its daemon would publish it, were it not this process.
  const { endpoint, region, credentials, block, controlToken } = cloud;
  const process_ = { pid: process.pid, startTime: processRef(process.pid)?.start };
  const document = { ...process_, endpoint, region, ...credentials, block, controlToken, version: 1 };
  writeFileSync(join(folder, 'cloud', 'cloud.json'), JSON.stringify(document), { mode: 0o600 });
  mkdirSync(join(folder, 'none'));
});
afterAll(async () => {
  await cloud.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => void cloud.faults.clear());

async function local(argv: string[], dir = 'cloud') {
  const env = { PIPELINE_LOCAL_DIR: dir };
  const context = fakeContext(['local', ...argv], { cwd: folder, env, clock: systemClock() });
  return { code: await runCli(context), out: context.stdout.text, err: context.stderr.text };
}

describe('local fault', () => {
  it('turns a fault on, lists it, shows it in the status and turns it off', async () => {
    const on = ['error', '--operation', 'CreateImage', '--rate', '0.1', '--count', '3', '--for', '5m'];
    const switched = await local(['fault', ...on]);
    const id = cloud.faults.list()[0]?.id ?? '';
    expect(switched).toEqual({
      ...{ code: 0, err: '' },
      out: `fault ${id} is on: error: operation CreateImage, rate 0.1, count 3\n`,
    });
    expect(cloud.faults.list()).toMatchObject([{ operation: 'CreateImage', rate: 0.1, count: 3, forMs: 300_000 }]);
    const told = 'error +operation CreateImage, rate 0\\.1, count 3 +0 +on for (5m|4m 5\\d(\\.\\d)?s)';
    const row = new RegExp(`${id} +${told}`);
    expect((await local(['fault', 'list'])).out).toMatch(row);
    expect((await local(['status'])).out).toMatch(row);
    expect(JSON.parse((await local(['status', '--json'])).out)).toMatchObject({
      running: true,
      faults: [{ id }],
    });
    expect(await local(['fault', 'clear', id])).toMatchObject({ code: 0, out: '1 fault is off\n' });
    expect(await local(['fault', 'clear'])).toMatchObject({ code: 0, out: '0 faults are off\n' });
    expect((await local(['fault', 'list'])).out).toBe('no fault is on\n');
  });

  it('names every kind in its help', () => {
    expect(faultKindNames).toEqual(faultKinds);
  });

  it('reads every option', async () => {
    const fault = async (...argv: string[]) => JSON.parse((await local(['fault', ...argv, '--json'])).out);
    expect(await fault('throttle', '--bucket', '5/0.5', '--service', 's3')).toMatchObject({ capacity: 5, refill: 0.5 });
    expect(await fault('throttle', '--profile', 'published')).toMatchObject({ profile: 'published' });
    expect(await fault('latency', '--delay', '500ms')).toMatchObject({ delayMs: 500 });
    expect(await fault('flapping', '--period', '1m', '--group', 'api')).toMatchObject({
      periodMs: 60_000,
      group: 'api',
    });
    expect(await fault('alarm', '--alarm', 'api errors')).toMatchObject({ alarm: 'api errors' });
    expect(await fault('error', '--code', 'X', '--status', '503', '--message', 'no way')).toMatchObject({
      ...{ code: 'X', status: 503, message: 'no way' },
    });
    expect(await fault('insufficient-capacity', '--zone', 'eu-west-1a', '--type', 't3.micro')).toMatchObject({
      ...{ zone: 'eu-west-1a', type: 't3.micro' },
    });
  });

  it.each<[string[], string]>([
    [['eror'], 'there is no fault "eror"'],
    [['error', '--rate', '2'], '--rate 2 is wrong'],
    [['error', '--rate', 'often'], '--rate "often" is not a number'],
    [['error', '--for', '5'], '--for "5" is not a duration'],
    [['error', '--operation', 'MakeImage'], 'has no operation "MakeImage"'],
    [['zone-lost'], 'zone-lost needs --zone'],
    [['zone-lost', '--zone', 'eu-west-1x'], 'there is no zone eu-west-1x'],
    [['alarm'], 'alarm needs --alarm'],
    [['latency', '--zone', 'eu-west-1a'], 'latency takes no --zone'],
    [['throttle', '--bucket', '5'], '--bucket "5" is not a bucket'],
    [['throttle', '--profile', 'mine'], "'mine' is invalid"],
    [['backend-kill'], 'no process to kill'],
    [['list', 'f-1'], 'one word too many'],
    [['list', '--rate', '1'], '--rate is for new faults only'],
    [['latency', 'f-1'], 'one word too many'],
    [['clear', 'f-77'], 'there is no fault f-77'],
    [['clear', 'a', 'b'], 'too many arguments'],
    [[], 'kind'],
  ])('%j is a usage error', async (argv, message) => {
    const { code, err } = await local(['fault', ...argv]);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(message) });
    expect(cloud.faults.list()).toEqual([]);
  });

  it('reports a usage error also when the cloud is down, and otherwise how to start the cloud', async () => {
    expect(await local(['fault', 'error', '--rate', '2'], 'none')).toMatchObject({ code: 2 });
    const fix = expect.stringContaining('pipeline local up');
    expect(await local(['fault', 'error'], 'none')).toMatchObject({ code: 1, err: fix });
    expect(await local(['calls'], 'none')).toMatchObject({ code: 1, err: fix });
  });
});

describe('local calls', () => {
  it('prints the calls, how often each was made, and JSON', async () => {
    const { endpoint, region, credentials } = cloud;
    const ec2 = new EC2Client({ endpoint, region, credentials: { ...credentials }, maxAttempts: 1 });
    cloud.calls.reset();
    await ec2.send(new DescribeVpcsCommand({}));
    cloud.faults.add({ kind: 'error', code: 'Unavailable', count: 1 });
    await ec2.send(new DescribeVpcsCommand({})).catch(() => undefined);
    ec2.destroy();
    const { code, out } = await local(['calls', '--operation', 'Describe*']);
    expect(code).toBe(0);
    const lines = out.split('\n');
    expect(lines[0]).toMatch(/^TIME +SERVICE +OPERATION +ANSWER +TOOK +BY +FAULTS$/);
    expect(lines[1]).toMatch(/^\d\d:\d\d:\d\d +ec2 +DescribeVpcs +200 +\d+ms +aws-sdk-js\/\S+ \(AKIALOCAL\w+\) +-$/);
    expect(lines[2]).toMatch(/DescribeVpcs +503 Unavailable .* f-\d+$/);
    expect((await local(['calls', '--totals'])).out).toMatch(/ec2 +DescribeVpcs +2 +1 +Unavailable 1/);
    const json = JSON.parse((await local(['calls', '--json', '--code', 'Unavailable', '--since', '5m'])).out);
    expect(json).toMatchObject({ calls: [{ status: 503 }], totals: [{ calls: 2 }], forgotten: 0 });
    expect((await local(['calls', '--since', '2090-01-01'])).out).toBe('no such call\n');
    expect((await local(['calls', '--limit', '1'])).out).toContain('the last 1 of 2 calls');
  });

  it.each([
    ['--since', 'yesterday'],
    ['--limit', '0'],
    ['--limit', '1.5'],
  ])('%s %s is a usage error', async (flag, value) => {
    expect(await local(['calls', flag, value])).toMatchObject({ code: 2, err: expect.stringContaining(flag) });
  });
});
