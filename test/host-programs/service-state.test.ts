import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ServiceState } from '../../src/analysis/restarts.ts';
import { ownAnsibleFolder } from '../../src/hosts/ansible-files.ts';

const program = path.join(ownAnsibleFolder(), 'host-programs/service_state.py');

let root: string;
let service: string;

beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'gp-service-state-'));
  service = path.join(root, 'service');
  await mkdir(path.join(service, 'supervise'), { recursive: true });
});
afterAll(() => rm(root, { recursive: true, force: true }));

async function read(): Promise<ServiceState & { problem?: string }> {
  const { stdout } = await execa('/usr/bin/python3', [program, JSON.stringify({ root, service, app: 'api' })]);
  return JSON.parse(stdout) as ServiceState;
}

// On a computer with systemd the program reads that one.
describe.skipIf(existsSync('/run/systemd/system'))('the program that tells of restarts, with runit', () => {
  it('says that there is no such service', async () => {
    expect(await read()).toEqual({ problem: `runit has no ${service}` });
  });

  it('names the process of the service, and when a play has started it', async () => {
    await writeFile(path.join(service, 'supervise/pid'), '4194305\n');
    const first = await read();
    expect(first).toEqual({
      by: 'runit',
      pid: 4_194_305,
      restarts: null,
      boot: expect.any(String),
      started: null,
      held: null,
      age: null,
      again: false,
    });
    await writeFile(path.join(root, 'started'), 'digest\n');
    const second = await read();
    expect(second).toEqual({ ...first, started: expect.any(Number) });
    expect(second.boot).toBe(first.boot);
    await rm(path.join(root, 'started'));
  });

  it('has the age of the process, and whether it was started again, unless a play has done that', async () => {
    // Its parent has exited, so it belongs to a process that has run for longer.
    const { stdout } = await execa('sh', ['-c', 'sleep 60 >/dev/null 2>&1 & echo $!']);
    await writeFile(path.join(service, 'supervise/pid'), `${stdout}\n`);
    try {
      const orphan = await read();
      expect(orphan).toMatchObject({ again: true, age: expect.any(Number) });
      expect(orphan.age).toBeLessThan(60);
      await writeFile(path.join(root, 'started'), 'digest\n');
      expect(await read()).toMatchObject({ again: false });
    } finally {
      process.kill(Number(stdout));
    }
  });

  describe('under the process that holds the socket', () => {
    const run = () => path.join(root, 'run');
    let server: Server | undefined;
    let environment: number;

    beforeAll(async () => {
      await mkdir(run());
      await writeFile(path.join(root, 'service.json'), JSON.stringify({ run: run() }));
      // Younger than the process that holds the socket, as after a switch in place, which also removes the record of the start.
      const { stdout } = await execa('sh', ['-c', 'sleep 60 >/dev/null 2>&1 & echo $!']);
      environment = Number(stdout);
      await writeFile(path.join(service, 'supervise/pid'), `${environment}\n`);
      await rm(path.join(root, 'started'), { force: true });
    });
    afterEach(async () => {
      if (server) await new Promise((resolve) => server?.close(resolve));
      server = undefined;
    });
    afterAll(() => process.kill(environment));

    async function answers(answer: object): Promise<void> {
      const line = () => `${JSON.stringify({ version: 'v2', ...answer })}\n`;
      server = createServer((socket) => socket.once('data', () => socket.end(line())));
      await new Promise<void>((resolve) => server?.listen(path.join(run(), 'control'), resolve));
    }

    it.each([
      [3, true],
      [0, false],
    ])('has its count, and with %i whether it is above 0', async (restarts, again) => {
      await answers({ pid: environment, restarts });
      expect(await read()).toMatchObject({ held: restarts, again, age: expect.any(Number) });
    });

    it('does not take a switch in place for a restart where it does not count', async () => {
      await answers({ pid: environment });
      expect(await read()).toMatchObject({ held: 'not counted', again: null, age: expect.any(Number) });
    });

    it('tells of no restart and no age where it does not answer', async () => {
      expect(await read()).toMatchObject({ held: 'not counted', again: null, age: null });
    });

    it('has no age while no environment runs', async () => {
      await answers({ pid: null, restarts: 3 });
      expect(await read()).toMatchObject({ held: 3, again: false, age: null });
    });
  });
});
