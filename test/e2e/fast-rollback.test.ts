import { rm } from 'node:fs/promises';
import path from 'node:path';
import { UpdateAutoScalingGroupCommand } from '@aws-sdk/client-auto-scaling';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClients } from '../../src/aws/clients.ts';
import { tells } from './support/events.ts';
import { goldenWorld } from './support/golden.ts';
import { highRate, Load, type Up, type World } from './support/world.ts';

interface Status {
  version: string | null;
  desired: number;
  healthy: number;
  instances: { id: string; version: string; lifecycle: string; health: string; address: string }[];
  lock: { owner: string } | null;
  rollback: { version: string; method: string; why: string } | null;
}
interface Report {
  run: string;
  version: string;
  previous: string | null;
  method: string;
  seconds: number;
  steps: { id: string; status: string }[];
}

let world: World;
let up: Up;
let url: string;

const status = () => world.json<Status>('status', 'api');
/** Every machine in service, healthy and on one version, and no more of them than wanted. */
async function expectWhole(version: string, desired = 4): Promise<void> {
  await expect
    .poll(async () => (await status()).instances.map((one) => `${one.version} ${one.lifecycle} ${one.health}`), {
      timeout: 180_000,
      interval: 500,
    })
    .toEqual(Array(desired).fill(`${version} InService healthy`));
  expect(await status()).toMatchObject({ version, desired, healthy: desired, lock: null });
}

/** Load while `work` goes on; fails for any request that failed. */
async function underLoad<T>(work: () => Promise<T>): Promise<T> {
  const load = new Load(url, highRate);
  await load.warm();
  try {
    return await work();
  } finally {
    const total = await load.stop();
    expect(total.failures).toEqual({});
    expect(total.failed).toBe(0);
    expect(total.requests / total.seconds).toBeGreaterThan(400);
  }
}

/** Which versions answer in a number of fresh requests. */
async function answering(): Promise<string[]> {
  const answers = await Promise.all(
    Array.from({ length: 20 }, async () => {
      const response = await fetch(`${url}/version`, { headers: { connection: 'close' } });
      return ((await response.json()) as { version: string }).version;
    }),
  );
  return [...new Set(answers)].sort();
}

beforeAll(async () => {
  world = await goldenWorld();
  up = await world.up();
  url = world.url('api');
  await world.project.change('Second');
  await world.json('release', 'api');
});
afterAll(() => world?.close());

describe('fast rollback to the version before', () => {
  it('switches every host in place under load without one failed request, also during a scale-out, and replaces the hosts', async () => {
    expect((await status()).rollback).toMatchObject({ version: 'v1', method: 'in-place' });
    await underLoad(async () => {
      const { autoScaling } = createClients({ region: up.region, endpoint: up.endpoint, credentials: up });
      const back = world.json<Report>('fast-rollback', 'api');
      await autoScaling.send(
        new UpdateAutoScalingGroupCommand({ AutoScalingGroupName: 'api-local', DesiredCapacity: 6 }),
      );
      expect(await back).toMatchObject({ version: 'v1', previous: 'v2', method: 'in-place' });
      // What the scale-out launched before the pin is switched too, and what came after it starts with the old image.
      await expect.poll(answering, { timeout: 5000 }).toEqual(['v1']);
      await expectWhole('v1', 6);
    });
    const none = await world.pipeline('fast-rollback', 'api', 'v1');
    expect(none).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('serves v1 already') });
  });

  it('undoes the rollback: by rolling, as the old image does not hold the newer version', async () => {
    const refused = await world.pipeline('fast-rollback', 'api', 'v2', '--method', 'in-place');
    expect(refused).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('do not hold the environment of v2'),
    });
    expect(refused.stderr).toContain('--method rolling');
    const report = await underLoad(() => world.json<Report>('fast-rollback', 'api', 'v2'));
    expect(report).toMatchObject({ version: 'v2', previous: 'v1', method: 'rolling' });
    await expectWhole('v2', 6);
  });

  it('replaces a host that cannot switch, and waits for the whole fleet when requested', async () => {
    const [broken] = (await status()).instances;
    // What the image promises is not on this host any more.
    const disk = path.join(world.dir, 'cloud', 'machines', broken?.id ?? '', 'root/srv/api/releases/v1');
    await rm(disk, { recursive: true });
    const ended = await underLoad(() => world.pipeline('fast-rollback', 'api', 'v1', '--wait'));
    expect(ended.exitCode, ended.stderr).toBe(0);
    expect(ended.stderr).toContain(`${broken?.id} cannot switch and is replaced: there is no environment v1 here`);
    await expectWhole('v1', 6);
    expect((await status()).instances.map((one) => one.id)).not.toContain(broken?.id);
  });

  it('in the middle of a roll: aborts it under load without one failed request, and restores the fleet', async () => {
    // Long enough for the command to begin while the release still goes on, on a slow computer too.
    await world.configure('pipelines/api.ts', 'verifySeconds: 5,', 'verifySeconds: 90,');
    await world.project.change('Third');
    const events = path.join(world.dir, 'rolling.ndjson');
    const release = world.start('release', 'api', '--events', events);
    await tells(events, (event) => event.code === 'change.outcome' && event.action === 'start-refresh');
    await expect
      .poll(async () => (await status()).instances.filter((one) => one.version === 'v3').length)
      .toBeGreaterThan(1);
    let stderr = '';
    const report = await underLoad(async () => {
      const text = await world.pipeline('fast-rollback', 'api', '--json');
      expect(text.exitCode, text.stderr).toBe(0);
      expect(text.stderr).toContain('to undo its changes and finish');
      stderr = text.stderr;
      return JSON.parse(text.stdout) as Report;
    });
    const ended = await release;
    expect(ended.exitCode).toBe(130);
    expect(ended.stderr).toContain('aborted by tester@');
    expect(ended.stderr).toContain('for fast-rollback');
    expect(report, report.method === 'abort' ? '' : stderr).toMatchObject({
      version: 'v1',
      previous: 'v3',
      method: 'abort',
    });
    await expectWhole('v1', 6);
  });

  it('after a killed release: undoes its changes from the journal', async () => {
    const events = path.join(world.dir, 'killed.ndjson');
    const release = world.start('release', 'api', '--events', events);
    await tells(events, (event) => event.code === 'step.finished' && event.step === 'detach');
    expect((await status()).instances.some((one) => one.lifecycle === 'Standby')).toBe(true);
    release.kill('SIGKILL');
    await release;
    const ended = await world.pipeline('abort', 'api');
    expect(ended.exitCode, ended.stderr).toBe(0);
    expect(ended.stderr).toContain('crashed; its changes are being undone');
    await expectWhole('v1', 6);
    expect((await world.pipeline('abort', 'api')).stderr).toContain('api has no active run');
  });
});
