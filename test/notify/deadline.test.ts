import { EventEmitter, once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { ManualClock } from '@golden-pipeline/shared/testing/manual-clock';
import { expect, it, onTestFinished } from 'vitest';
import { attemptLimitMs } from '../../src/notify/limits.ts';
import { deliverTo } from './support/deliver-to.ts';
import { released } from './support/facts.ts';

/** A server that is never silent for long and never done: no time-out for silence ends a connection to it. */
async function endlessServer() {
  const seen = new EventEmitter();
  const [opened, closed] = [once(seen, 'opened'), once(seen, 'closed')];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const drip = setInterval(() => socket.write('220-wait\r\n'), 10);
    socket.on('error', () => undefined);
    socket.resume();
    socket.on('close', () => {
      clearInterval(drip);
      seen.emit('closed');
    });
    seen.emit('opened');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise((resolve) => void server.close(() => resolve())));
  return { port: (server.address() as AddressInfo).port, opened, closed };
}

it.each([
  ['graphite', { prefix: 'deploys' }],
  ['email', { from: 'pipeline@example.com', recipients: ['team@example.com'] }],
  ['irc', { channel: '#deploys', tls: false, nick: 'pipeline' }],
])('a delivery to %s ends after 30 seconds at the latest, and its connection with it', async (to, settings) => {
  const { port, opened, closed } = await endlessServer();
  const clock = new ManualClock();
  const delivery = deliverTo({ to, host: '127.0.0.1', port, ...settings }, released, { clock, timeoutMs: 60_000 });
  const failed = expect(delivery).rejects.toMatchObject({ kind: 'failed', message: 'not delivered within 30 s' });
  await opened;
  await clock.advance(attemptLimitMs);
  await failed;
  await closed;
});
