import { createHmac } from 'node:crypto';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { deliverTo, secrets } from '../support/deliver-to.ts';
import { failed, released } from '../support/facts.ts';
import { type Call, startPeer } from '../support/peer.ts';

/** docs/notifications.md, "Webhook". */
const hook: Call = {
  method: 'POST',
  path: /^\/hooks\/deploys$/,
  headers: {
    'content-type': /^application\/json; charset=utf-8$/,
    'x-pipeline-event': /^[a-z-]+$/,
    'x-pipeline-delivery': /^\d{8}T\d{6}-\w{4}\.[a-z-]+\.[a-z-]+$/,
  },
  body: z.looseObject({
    schema: z.literal(1),
    event: z.string(),
    text: z.string().min(1),
    details: z.array(z.string()),
    id: z.string(),
    environment: z.string(),
    at: z.iso.datetime(),
  }),
  answer: () => ({ status: 204 }),
};

it('a webhook gets facts and text, signed with the HMAC of the body as it was sent', async () => {
  const peer = await startPeer([hook]);
  const settings = { to: 'webhook', url: `${peer.url}/hooks/deploys`, secret: 'env:SIGNING' };
  expect(await deliverTo(settings, failed)).toEqual({ status: 204 });
  const [{ text = '', headers = {}, body = {} } = {}] = peer.got;
  const hmac = createHmac('sha256', secrets['env:SIGNING'] ?? '')
    .update(text)
    .digest('hex');
  expect(headers['x-pipeline-signature']).toBe(`sha256=${hmac}`);
  expect(body).toMatchObject({
    event: 'failed',
    app: 'api',
    version: 'v42',
    serving: 'v41',
    run: { id: '20261130T120000-ab12', outcome: 'rolled-back' },
    error: { code: 'release.unhealthy', message: 'v42 does not answer on /health' },
  });
  expect(text).not.toContain(secrets['env:SIGNING']);
  expect(peer.violations).toEqual([]);
});

it('a webhook without a secret has no signature', async () => {
  const peer = await startPeer([hook]);
  await deliverTo({ to: 'webhook', url: `${peer.url}/hooks/deploys` }, released);
  expect(peer.got[0]?.headers['x-pipeline-signature']).toBeUndefined();
});
