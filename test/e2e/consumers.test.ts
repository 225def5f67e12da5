import { until as waitUntil, withinAMinute } from '@golden-pipeline/shared/testing/until';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Queues, redisThere as redis, startQueues } from './support/queues.ts';
import { visit } from './support/visit.ts';
import { World } from './support/world.ts';

const skipped = redis ? '' : ' (skipped: redis-server is not installed)';

let world: World;
let queues: Queues | undefined;
let heracles: string;

beforeAll(async () => {
  if (!redis) return;
  world = await World.create();
  queues = await startQueues();
  world.env.HERACLES_REDIS_URL = queues.url;
  await world.up();
  heracles = world.url('heracles');
});
afterAll(async () => {
  await world?.close();
  await queues?.close();
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
    (JSON.parse((await visit(`${heracles}/queues`)).body) as Queue[]).find((one) => one.queue === 'tickets') as Queue;
  const push = (...messages: string[]) => queues?.send('rpush', 'heracles:tickets', ...messages);
  const until = (wanted: (queue: Queue) => boolean) => waitUntil(tickets, wanted, withinAMinute);

  it('are stopped and started by a task each', async () => {
    await world.done('release', 'heracles');
    await push('a', 'b', 'c');
    await until((queue) => queue.done === 3);
    await world.done('heracles', 'stop-consuming-messages', 'tickets');
    await push('d', 'e');
    expect(await tickets()).toMatchObject({ waiting: 2, busy: 0, done: 3, stopped: true });
    await world.done('heracles', 'start-consuming-messages', 'tickets');
    expect(await until((queue) => queue.done === 5)).toMatchObject({ waiting: 0, stopped: false });
  });

  it('stop before a release and start after it, also when it fails', async () => {
    const released = await world.done('release', 'heracles', '--again');
    expect(released.stderr).toMatch(
      /stop-consuming-messages-tickets +done[\s\S]* start-consuming-messages-tickets +done/,
    );
    expect((await tickets()).stopped).toBe(false);

    await world.configure('pipelines/heracles.ts', 'contains: \'"version":"{version}"\'', "contains: 'never there'");
    const failed = await world.pipeline('release', 'heracles', '--ref', 'HEAD');
    expect(failed.exitCode).toBe(3);
    expect(failed.stderr).toMatch(/stop-consuming-messages-tickets +undone/);
    expect((await tickets()).stopped).toBe(false);
    await push('f');
    await until((queue) => queue.done === 6);
  });
});
