import { setTimeout as sleep } from 'node:timers/promises';
import { keys } from './queues.js';

/** How often an empty or stopped queue is looked into, in milliseconds. */
const lookMs = 50;

/** Looks at the stop and takes a message in one step, so that nothing is taken once `stop` has been said. */
const take =
  "if redis.call('EXISTS', KEYS[1]) == 1 then return false end return redis.call('LMOVE', KEYS[2], KEYS[3], 'LEFT', 'RIGHT')";

/**
 * Takes messages from a queue, one at a time, until `signal` aborts; the one in progress is finished. A queue that is stopped
 * (for all consumers, by a key in Redis) is left alone until it is started again.
 */
export async function consume({ client, queue, signal, work, log }) {
  const { waiting, busy, done, stopped } = keys(queue);
  const pause = (ms) => sleep(ms, undefined, { signal }).catch(() => {});
  while (!signal.aborted) {
    try {
      const message = await client.eval(take, { keys: [stopped, waiting, busy] });
      if (message === null) {
        await pause(lookMs);
        continue;
      }
      await work(message);
      await client.multi().lRem(busy, 1, message).incr(done).exec();
    } catch (error) {
      if (!signal.aborted) log({ queue, error: error.message });
      await pause(10 * lookMs);
    }
  }
}
