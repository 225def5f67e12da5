import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { reserveAddresses } from '../../src/daemon/addresses.ts';
import { readArguments } from '../../src/daemon/arguments.ts';
import { readCloud, spawnCloud, stopCloud } from '../../src/daemon/client.ts';
import { countState } from '../../src/daemon/control.ts';
import { Disposables } from '../../src/daemon/disposables.ts';
import { lockFolder } from '../../src/daemon/folder-lock.ts';
import { loadIdentity, saveIdentity } from '../../src/daemon/identity.ts';
import { openLog } from '../../src/daemon/log.ts';
import { AddressPool } from '../../src/machines/address-pool.ts';
import { processRef } from '../../src/machines/process-table.ts';
import { emptyState, type InstanceRecord, type LoadBalancerRecord } from '../../src/model.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'gp-daemon-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

describe('lockFolder', () => {
  it('lets one cloud in at a time', async () => {
    const lock = await lockFolder(dir);
    await expect(lockFolder(dir)).rejects.toMatchObject({ code: 'local.already-running' });
    await lock.release();
    await (await lockFolder(dir)).release();
  });

  it('names the process that the descriptor says holds it', async () => {
    const parent = processRef(process.ppid);
    const descriptor = { pid: process.ppid, startTime: parent?.start, version: 1 };
    await writeFile(join(dir, 'cloud.json'), JSON.stringify(descriptor));
    await expect(lockFolder(dir)).rejects.toThrow(`process ${process.ppid}`);
  });
});

describe('identity', () => {
  it('is kept, for its owner only', async () => {
    const first = loadIdentity(dir);
    expect(first.accessKeyId).toMatch(/^AKIALOCAL[0-9A-F]{11}$/);
    await saveIdentity(dir, { ...first, block: 17, port: 4000 });
    expect(loadIdentity(dir)).toEqual({ ...first, block: 17, port: 4000 });
    expect((await stat(join(dir, 'identity.json'))).mode & 0o777).toBe(0o600);
  });

  it('is made anew when its file is damaged', async () => {
    await writeFile(join(dir, 'identity.json'), '{"accessKeyId": 4');
    expect(loadIdentity(dir).secretAccessKey).toHaveLength(40);
  });
});

describe('readCloud and stopCloud', () => {
  const write = (fields: object) =>
    writeFile(join(dir, 'cloud.json'), JSON.stringify({ endpoint: 'http://127.0.0.1:1', version: 1, ...fields }));

  it('sees a cloud only while its very process runs', async () => {
    expect(readCloud(dir)).toBeUndefined();
    await write({ pid: process.pid, startTime: processRef(process.pid)?.start });
    expect(readCloud(dir)?.endpoint).toBe('http://127.0.0.1:1');
    await write({ pid: process.pid, startTime: '1' });
    expect(readCloud(dir)).toBeUndefined();
    await writeFile(join(dir, 'cloud.json'), '{');
    expect(readCloud(dir)).toBeUndefined();
  });

  it('stops politely, or by force when that takes too long', async () => {
    for (const script of [
      'setInterval(() => {}, 1e3)',
      'process.on("SIGTERM", () => {}); setInterval(() => {}, 1e3)',
    ]) {
      const { spawn } = await import('node:child_process');
      const child = spawn(process.execPath, ['-e', `${script}; console.log("up")`], {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      await new Promise((resolve) => child.stdout.once('data', resolve));
      await write({ pid: child.pid, startTime: processRef(child.pid ?? 0)?.start });
      expect(await stopCloud(dir, 200)).toBe(true);
      expect(readCloud(dir)).toBeUndefined();
    }
    expect(await stopCloud(dir)).toBe(false);
  });
});

describe('spawnCloud', () => {
  const entry = async (script: string) => {
    const file = join(dir, 'entry.mjs');
    await writeFile(file, script);
    return file;
  };

  it('hands on what the daemon says went wrong', async () => {
    const error = {
      code: 'local.port-taken',
      message: 'port 80 is taken',
      fix: 'another',
      details: [],
      outcome: 'usage',
    };
    const script = `console.log(JSON.stringify(${JSON.stringify({ ready: false, error })})); process.exitCode = 1`;
    await expect(spawnCloud({ dir, entry: await entry(script) })).rejects.toMatchObject(error);
  });

  it('shows the end of the log when the daemon just ends', async () => {
    await expect(spawnCloud({ dir, entry: await entry('throw new Error("boom")') })).rejects.toMatchObject({
      code: 'local.start-failed',
      message: 'the local cloud did not start: it exited with exit code 1',
      details: expect.arrayContaining([expect.stringContaining('Node.js')]),
    });
  });

  it('gives up on a daemon that never gets ready', async () => {
    const waiting = spawnCloud({ dir, entry: await entry('setInterval(() => {}, 1e3)'), timeoutMs: 300 });
    await expect(waiting).rejects.toThrow('it was not ready after 0.3 s');
  });
});

describe('readArguments', () => {
  it('reads all, with defaults', () => {
    expect(readArguments(['--dir', '/x', '--port', '0'])).toEqual({
      dir: '/x',
      port: 0,
    });
    expect(readArguments(['--dir', '/x', '--delays', 'aws', '--driver', 'simulated'])).toMatchObject({
      delays: 'aws',
      driver: 'simulated',
    });
  });

  it.each([
    [[]],
    [['--dir', '/x', '--port', '70000']],
    [['--dir', '/x', '--delays', 'slow']],
    [['--dir', '/x', '--what']],
  ])('refuses %j', (argv) => {
    expect(() => readArguments(argv)).toThrow(expect.objectContaining({ outcome: 'usage' }));
  });
});

describe('Disposables', () => {
  it('are disposed of once, backwards, and all of them even if one fails', async () => {
    const done: number[] = [];
    const disposables = new Disposables();
    disposables.add(() => done.push(1));
    disposables.add(() => Promise.reject(new Error('second')));
    disposables.add(async () => done.push(3));
    const first = disposables.dispose();
    expect(disposables.dispose()).toBe(first);
    await expect(first).rejects.toThrow('second');
    expect(done).toEqual([3, 1]);
  });
});

describe('addresses and counts of a state', () => {
  it('moves to another block and never gives out what is taken', () => {
    const state = emptyState();
    const machine = (id: string, address: string, more = {}) =>
      ({ id, address, tags: {}, imageId: 'ami-1', state: 'running', ...more }) as InstanceRecord;
    state.instances.a = machine('a', '127.10.16.1', { tags: { 'aws:autoscaling:groupName': 'api' } });
    state.instances.b = machine('b', '127.10.16.2', { state: 'terminated' });
    state.loadBalancers.l = { address: '127.10.2.1', dnsName: '127.10.2.1' } as LoadBalancerRecord;
    const pool = new AddressPool(33);
    reserveAddresses(state, pool, 33);
    expect(state.instances.a.address).toBe('127.33.16.1');
    expect(state.loadBalancers.l).toMatchObject({ address: '127.33.2.1', dnsName: '127.33.2.1' });
    expect(pool.takeAddress()).toBe('127.33.16.2');
    expect(pool.takeBalancerAddress()).toBe('127.33.2.2');
    expect(countState([state])).toMatchObject({
      counts: { instances: 1, loadBalancers: 1, groups: 0 },
      machines: [{ id: 'a', state: 'running', address: '127.33.16.1', imageId: 'ami-1', group: 'api' }],
    });
  });
});

describe('openLog', () => {
  it('appends entries with their time, readable by its owner only', async () => {
    const log = openLog(dir);
    log.write('ready');
    log.report(new Error('broken'));
    await log.close();
    const file = join(dir, 'daemon.log');
    expect(await readFile(file, 'utf8')).toMatch(/^\d{4}-.*Z ready\n\d{4}-.*Z error: Error: broken\n {2}.*at /);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });
});
