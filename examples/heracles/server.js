import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { consume } from './src/consumer.js';
import { connect, describe } from './src/queues.js';
import { readConfig, readRelease, readSettings } from './src/settings.js';

const folder = import.meta.dirname;
const log = (line) => process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), ...line })}\n`);

const settings = readSettings(process.env);
const { queues, workMs } = await readConfig(folder);
const release = await readRelease(folder);
const client = await connect(settings.redis, log);
const stop = new AbortController();

const answer = async (path) => {
  if (path === '/health')
    return client.isReady && !stop.signal.aborted ? [200, { healthy: true }] : [503, { healthy: false }];
  if (path === '/version') return [200, release];
  if (path === '/queues') return [200, await Promise.all(queues.map((queue) => describe(client, queue)))];
  return [404, { error: `there is no ${path}` }];
};
const server = createServer((request, response) => {
  if (stop.signal.aborted) response.setHeader('connection', 'close');
  answer(new URL(request.url ?? '/', 'http://localhost').pathname)
    .catch((error) => [500, { error: error.message }])
    .then(([status, body]) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
    );
});
await new Promise((resolve, reject) => server.once('error', reject).listen(settings.port, settings.host, resolve));

const consumers = settings.consume
  ? queues.map((queue) => consume({ client, queue, signal: stop.signal, work: () => sleep(workMs), log }))
  : [];
log({
  serving: `${settings.host}:${settings.port}`,
  consuming: settings.consume ? queues : [],
  version: release.version,
});

process.once('SIGTERM', async () => {
  stop.abort();
  log({ stopping: true });
  const clean = await Promise.race([Promise.all(consumers).then(() => true), sleep(settings.stopTimeoutMs, false)]);
  server.close();
  server.closeIdleConnections();
  await client.quit();
  log({ stopped: true, clean });
  process.exit(clean ? 0 : 1);
});
