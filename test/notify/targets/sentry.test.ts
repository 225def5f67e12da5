import { expect, it } from 'vitest';
import { z } from 'zod';
import { deliverTo } from '../support/deliver-to.ts';
import { released, rolledBack } from '../support/facts.ts';
import { type Call, startPeer } from '../support/peer.ts';

const headers = { authorization: /^Bearer xoxb-4711-verysecret$/, 'content-type': /^application\/json/ };

/** https://docs.sentry.io/api/releases/: create a release for an organization, create a deploy. */
const api: Call[] = [
  {
    method: 'POST',
    path: /^\/api\/0\/organizations\/shop\/releases\/$/,
    headers,
    body: z.strictObject({
      version: z
        .string()
        .max(250)
        .regex(/^[^\s/\\]+$/),
      projects: z.array(z.string()).min(1),
      commits: z
        .array(
          z.strictObject({
            id: z.string().min(1),
            message: z.string().optional(),
            author_name: z.string().max(128).optional(),
            repository: z.string().optional(),
            timestamp: z.iso.datetime().optional(),
          }),
        )
        .optional(),
    }),
    answer: () => ({ status: 201, json: {} }),
  },
  {
    method: 'POST',
    path: /^\/api\/0\/organizations\/shop\/releases\/[^/]+\/deploys\/$/,
    headers,
    body: z.strictObject({
      environment: z.string().max(64),
      name: z.string().max(64),
      dateStarted: z.iso.datetime(),
      dateFinished: z.iso.datetime(),
    }),
    answer: () => ({ status: 201, json: { id: '1' } }),
  },
];

const settings = (url: string) => ({
  ...{
    to: 'sentry',
    token: 'env:TOKEN',
    organization: 'shop',
    projects: ['shop-api'],
    repository: 'shop/api',
    api: url,
  },
});

it('Sentry gets the release <app>@<commit> with its commits, and a deploy in the environment', async () => {
  const peer = await startPeer(api);
  const version = `api@${released.commit}`;
  expect(await deliverTo(settings(peer.url), released)).toEqual({ version });
  expect(peer.got[0]?.body).toMatchObject({ version, projects: ['shop-api'] });
  expect(peer.got[0]?.body.commits[1]).toEqual({
    id: '2222222222222222222222222222222222222222',
    message: 'Count <b> & tickets',
    author_name: 'bob',
    repository: 'shop/api',
    timestamp: released.at,
  });
  expect(peer.got[1]?.path).toBe(`/api/0/organizations/shop/releases/api%40${released.commit}/deploys/`);
  expect(peer.got[1]?.body).toMatchObject({ environment: 'production', dateFinished: released.at });
  expect(peer.violations).toEqual([]);
});

it('a release that Sentry has already gets another deploy, as after a rollback', async () => {
  const peer = await startPeer(api);
  peer.next.push({ status: 208, json: {} });
  await deliverTo(settings(peer.url), rolledBack);
  expect(peer.got[0]?.body.commits).toBeUndefined();
  expect(peer.got).toHaveLength(2);
  expect(peer.violations).toEqual([]);
});
