import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { deliverTo } from '../support/deliver-to.ts';
import { held, released } from '../support/facts.ts';
import { type Call, startPeer } from '../support/peer.ts';

/** https://graphite.readthedocs.io/en/latest/events.html */
const events: Call = {
  method: 'POST',
  path: /^\/graphite\/events\/$/,
  headers: {},
  body: z.strictObject({ what: z.string().max(255), tags: z.string(), when: z.int(), data: z.string() }),
  answer: () => ({ status: 200 }),
};

it('Graphite gets an event with tags for app, environment and occasion', async () => {
  const peer = await startPeer([events]);
  await deliverTo({ to: 'graphite', url: `${peer.url}/graphite/` }, released);
  expect(peer.got[0]?.body).toMatchObject({
    what: expect.stringContaining('api v42 is live in production'),
    tags: 'pipeline released production api',
    when: Date.parse(released.at) / 1000,
  });
  expect(peer.violations).toEqual([]);
});

it('carbon gets one line for the occasion and one for how long it took', async () => {
  const got: string[] = [];
  const server = createServer((socket) => socket.on('data', (chunk) => void got.push(chunk.toString('utf8'))));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise((resolve) => void server.close(() => resolve())));
  const { port } = server.address() as AddressInfo;
  const settings = { to: 'graphite', host: '127.0.0.1', port, prefix: 'shop.deploys' };
  await deliverTo(settings, released);
  await deliverTo(settings, { ...held, app: undefined });
  const time = Date.parse(released.at) / 1000;
  expect(got.join('').split('\n')).toEqual([
    `shop.deploys.production.api.released 1 ${time}`,
    `shop.deploys.production.api.released.seconds 361.2 ${time}`,
    `shop.deploys.production.all.hold 1 ${Date.parse(held.at) / 1000}`,
    '',
  ]);
});

it('carbon that is down is tried again', async () => {
  await expect(deliverTo({ to: 'graphite', host: '127.0.0.1', port: 1 }, released)).rejects.toMatchObject({
    kind: 'failed',
    message: '127.0.0.1:1 cannot be reached (ECONNREFUSED)',
  });
});
