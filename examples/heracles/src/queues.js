import { createClient } from 'redis';

/** Keys of a queue in Redis. A message in progress is in `busy`, so that none is lost when a consumer dies. */
export const keys = (queue) => ({
  waiting: `heracles:${queue}`,
  busy: `heracles:${queue}:busy`,
  done: `heracles:${queue}:done`,
  stopped: `heracles:${queue}:stopped`,
});

/** A connection; it tries again by itself while Redis is away. */
export async function connect(url, log = () => {}) {
  const client = createClient({ url, socket: { reconnectStrategy: (tries) => Math.min(50 * 2 ** tries, 2000) } });
  client.on('error', (error) => log({ error: error.message }));
  await client.connect();
  return client;
}

/** How a queue stands. */
export async function describe(client, queue) {
  const { waiting, busy, done, stopped } = keys(queue);
  const [w, b, d, s] = await Promise.all([
    client.lLen(waiting),
    client.lLen(busy),
    client.get(done),
    client.get(stopped),
  ]);
  return { queue, waiting: w, busy: b, done: Number(d ?? 0), stopped: s !== null };
}
