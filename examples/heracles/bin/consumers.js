// Stops and starts the consumers of a queue on all instances, by a key in Redis.
// Usage: consumers.js stop|start|status <queue> [seconds]   prints how the queue stands as JSON; exit 2 for wrong words,
// 1 when messages are still in progress after that many seconds (60).
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, describe, keys } from '../src/queues.js';
import { readConfig, readSettings } from '../src/settings.js';

const [verb, queue, seconds = '60'] = process.argv.slice(2);
const { queues } = await readConfig(new URL('..', import.meta.url).pathname);

function refuse(message) {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}
if (!['stop', 'start', 'status'].includes(verb)) refuse(`'${verb}' is none of stop, start, status`);
if (!queues.includes(queue)) refuse(`there is no queue '${queue}'; queues: ${queues.join(', ')}`);

const client = await connect(readSettings(process.env).redis);
try {
  if (verb === 'stop') await client.set(keys(queue).stopped, new Date().toISOString());
  if (verb === 'start') await client.del(keys(queue).stopped);
  let state = await describe(client, queue);
  // A message that is in progress is finished: only then has the queue stopped.
  for (const end = Date.now() + Number(seconds) * 1000; verb === 'stop' && state.busy > 0 && Date.now() < end; ) {
    await sleep(50);
    state = await describe(client, queue);
  }
  process.stdout.write(`${JSON.stringify(state)}\n`);
  process.exitCode = verb === 'stop' && state.busy > 0 ? 1 : 0;
} finally {
  await client.quit();
}
