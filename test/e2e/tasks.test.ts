import { once } from 'node:events';
import { get as httpGet, type IncomingMessage } from 'node:http';
import { createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until as waitUntil, withinAMinute } from '../support/until.ts';
import { World } from './support/world.ts';

const redis = (await execa('redis-server', ['--version'], { reject: false })).exitCode === 0;
const skipped = redis ? '' : ' (skipped: redis-server is not installed)';

let world: World;
let queueServer: ReturnType<typeof execa> | undefined;
let port = 0;
const urls: Record<string, string> = {};

beforeAll(async () => {
  world = await World.create();
  if (redis) {
    port = await freePort();
    queueServer = execa('redis-server', ['--port', `${port}`, '--bind', '127.0.0.1', '--save', ''], { reject: false });
    world.env.HERACLES_REDIS_URL = `redis://127.0.0.1:${port}`;
  }
  const up = await world.json<{ loadBalancers: { app: string; url: string }[] }>('local', 'up');
  for (const { app, url } of up.loadBalancers) urls[app] = url;
});
afterAll(async () => {
  await world?.close();
  queueServer?.kill();
  await queueServer;
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0));
    });
  });
}

/** A visitor of its own: one that keeps its connection may be answered once more by the rules of before. */
async function get(url: string, headers: Record<string, string> = {}): Promise<{ status: number; body: string }> {
  const request = httpGet(url, { headers, agent: false });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return { status: response.statusCode ?? 0, body: await text(response) };
}

/** Runs a command that must succeed. */
async function done(...args: string[]) {
  const ended = await world.pipeline(...args);
  expect({ args, exitCode: ended.exitCode, stderr: ended.exitCode ? ended.stderr : '' }).toEqual({
    args,
    exitCode: 0,
    stderr: '',
  });
  return ended;
}

describe('the maintenance page of a site', () => {
  const version = async () =>
    JSON.parse((await get(`${urls.frontend}/version`, { 'x-golden-proof': 'fleet' })).body).version;

  it('is on while releases go on, and off again', async () => {
    await done('release', 'frontend');
    expect((await get(`${urls.frontend}/`)).body).toContain('Tickets for everybody');
    await done('frontend', 'maintenance-on');
    expect(await get(`${urls.frontend}/`)).toMatchObject({
      status: 503,
      body: expect.stringContaining('back in a moment'),
    });
    expect(await version()).toBe('v1');

    await done('release', 'frontend');
    expect(await version()).toBe('v2');
    expect((await get(`${urls.frontend}/anything`)).status).toBe(503);

    await done('frontend', 'maintenance-off');
    expect(await get(`${urls.frontend}/`)).toMatchObject({ status: 200, body: expect.stringContaining('Tickets') });
  });

  it('with a time leaves the lock to others, and goes off by itself', async () => {
    const timed = done('frontend', 'maintenance-on', '--for', '30s');
    const visitor = async () => (await get(`${urls.frontend}/`)).status;
    await expect.poll(visitor, { timeout: 30_000 }).toBe(503);
    await expect
      .poll(async () => (await world.json<{ lock: unknown }>('status', 'frontend')).lock, { timeout: 15_000 })
      .toBeNull();
    expect((await done('status', 'frontend')).stdout).toMatch(/^maintenance page: on until /m);
    expect((await timed).stdout).toMatch(/page-on +done[\s\S]*page-off +done/);
    expect(await visitor()).toBe(200);
  });

  it('shows its plan and changes nothing with --dry-run', async () => {
    const { stdout } = await done('frontend', 'maintenance-on', '--for', '30m', '--dry-run');
    expect(stdout).toContain('for 1800 s');
    expect((await get(`${urls.frontend}/`)).status).toBe(200);
  });
});

describe('an opening of a security group', () => {
  it('is made for the own address and closed again', async () => {
    const opened = await done('sg', 'open', 'api-ssh', '--for', '2h');
    expect(opened.stderr).toMatch(/port 22 of api is open to 127\.[0-9.]+\/32 until /);
    expect(opened.stdout).toContain('pipeline sg close api-ssh');
    expect((await done('sg', 'close', 'api-ssh')).stderr).toContain('port 22 is closed to 127.');
  });

  it.each([
    [['sg', 'open', 'api-ssh', '--from', '10.0.0.0/8'], '10.0.0.0/8 is wider'],
    [['sg', 'open', 'api-ssh', '--for', '9h'], '9 h is longer'],
    [['sg', 'open', 'everything'], 'name: "everything" does not fit'],
    [['release', 'sg'], 'pipelines/sg.ts has tasks and no fleet'],
    [['frontend', 'maintenance'], 'frontend has no task "maintenance"'],
  ])('refuses %j', async (args, message) => {
    const { exitCode, stderr } = await world.pipeline(...args);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});

describe.skipIf(!redis)(`the consumers of a queue${skipped}`, () => {
  interface Queue {
    queue: string;
    waiting: number;
    busy: number;
    done: number;
    stopped: boolean;
  }
  const tickets = async () =>
    (JSON.parse((await get(`${urls.heracles}/queues`)).body) as Queue[]).find(
      (one) => one.queue === 'tickets',
    ) as Queue;
  const push = (...messages: string[]) =>
    execa('redis-cli', ['-p', `${port}`, 'rpush', 'heracles:tickets', ...messages]);
  const until = (wanted: (queue: Queue) => boolean) => waitUntil(tickets, wanted, withinAMinute);

  it('stop and start by a task each', async () => {
    await done('release', 'heracles');
    await push('a', 'b', 'c');
    await until((queue) => queue.done === 3);
    await done('heracles', 'stop-consuming-messages', 'tickets');
    await push('d', 'e');
    expect(await tickets()).toMatchObject({ waiting: 2, busy: 0, done: 3, stopped: true });
    await done('heracles', 'start-consuming-messages', 'tickets');
    expect(await until((queue) => queue.done === 5)).toMatchObject({ waiting: 0, stopped: false });
  });

  it('stop before a release and start after it, also when it fails', async () => {
    const released = await done('release', 'heracles');
    expect(released.stderr).toMatch(
      /stop-consuming-messages-tickets +done[\s\S]* start-consuming-messages-tickets +done/,
    );
    expect((await tickets()).stopped).toBe(false);

    await world.edit('pipelines/heracles.ts', 'contains: \'"version":"{version}"\'', "contains: 'never there'");
    const failed = await world.pipeline('release', 'heracles', '--ref', 'HEAD');
    expect(failed.exitCode).toBe(3);
    expect(failed.stderr).toMatch(/stop-consuming-messages-tickets +undone/);
    expect((await tickets()).stopped).toBe(false);
    await push('f');
    await until((queue) => queue.done === 6);
  });
});
