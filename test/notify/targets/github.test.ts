import { expect, it } from 'vitest';
import { z } from 'zod';
import { targetOf } from '../../../src/notify/targets/index.ts';
import { deliverTo } from '../support/deliver-to.ts';
import { failed, held, released, started, tried } from '../support/facts.ts';
import { type Call, type Got, startPeer } from '../support/peer.ts';

const headers = {
  authorization: /^Bearer xoxb-4711-verysecret$/,
  accept: /^application\/vnd\.github\+json$/,
  'x-github-api-version': /^2022-11-28$/,
  'user-agent': /./,
};

/** https://docs.github.com/en/rest/deployments, with the deployments that were created. */
function api(): Call[] {
  const made: Record<string, unknown>[] = [];
  return [
    { method: 'GET', path: /^\/repos\/shop\/api\/deployments\?/, headers, answer: () => ({ status: 200, json: made }) },
    {
      method: 'POST',
      path: /^\/repos\/shop\/api\/deployments$/,
      headers,
      body: z.strictObject({
        ref: z.string().min(1),
        environment: z.string(),
        auto_merge: z.literal(false),
        required_contexts: z.array(z.string()).length(0),
        description: z.string().max(140),
        payload: z.record(z.string(), z.unknown()),
      }),
      answer: ({ body }) => {
        made.push({ id: made.length + 7, ...body });
        return { status: 201, json: made.at(-1) };
      },
    },
    {
      method: 'POST',
      path: /^\/repos\/shop\/api\/deployments\/\d+\/statuses$/,
      headers,
      body: z.strictObject({
        state: z.enum(['error', 'failure', 'inactive', 'in_progress', 'queued', 'pending', 'success']),
        description: z.string().max(140),
        auto_inactive: z.boolean(),
      }),
      answer: () => ({ status: 201, json: { id: 1 } }),
    },
  ];
}

const settings = (url: string) => ({ to: 'github', token: 'env:TOKEN', repository: 'shop/api', api: url });
const posts = (got: Got[]) => got.filter(({ method }) => method === 'POST');

it('a run is a deployment of GitHub for its commit, in progress and then a success, without merge and checks', async () => {
  const peer = await startPeer(api());
  const receipt = await deliverTo(settings(peer.url), started);
  expect(receipt).toEqual({ deployment: 7 });
  await deliverTo(settings(peer.url), released, { previous: receipt });
  expect(posts(peer.got).map(({ path, body }) => [path, body.state ?? body.ref])).toEqual([
    ['/repos/shop/api/deployments', released.commit],
    ['/repos/shop/api/deployments/7/statuses', 'in_progress'],
    ['/repos/shop/api/deployments/7/statuses', 'success'],
  ]);
  expect(peer.got[1]?.body).toMatchObject({ environment: 'production', auto_merge: false, required_contexts: [] });
  expect(peer.violations).toEqual([]);
});

it('a success that a later run has overtaken does not become the active deployment', async () => {
  const peer = await startPeer(api());
  await deliverTo(settings(peer.url), { ...released, overtaken: true });
  expect(peer.got.at(-1)?.body).toMatchObject({
    state: 'inactive',
    auto_inactive: false,
    description: expect.stringMatching(/^\(2026-11-30 12:06 UTC, out of date\) api v42 is live/),
  });
  expect(peer.violations).toEqual([]);
});

it('a start is left out once the run has ended: no status in_progress follows its success', () => {
  expect(targetOf({ to: 'github' }).updates).toBe(true);
});

it('a deployment whose answer was lost is found again, and not created twice', async () => {
  const peer = await startPeer(api());
  await deliverTo(settings(peer.url), started);
  await deliverTo(settings(peer.url), failed);
  expect(posts(peer.got).map(({ path }) => path)).toEqual([
    '/repos/shop/api/deployments',
    '/repos/shop/api/deployments/7/statuses',
    '/repos/shop/api/deployments/7/statuses',
  ]);
  expect(peer.got.at(-1)?.body.state).toBe('failure');
});

it.each([
  [{ status: 422, json: { message: 'No ref found' } }, 'refused', undefined],
  [{ status: 401, json: { message: 'Bad credentials' } }, 'refused', undefined],
  [{ status: 403, headers: { 'retry-after': '60' }, json: { message: 'secondary rate limit' } }, 'failed', 60_000],
  [{ status: 502, text: '<html>' }, 'failed', undefined],
] as const)('GitHub answers %j: it is %s', async (answer, kind, retryAfterMs) => {
  const peer = await startPeer(api());
  peer.next.push(answer as never);
  await expect(deliverTo(settings(peer.url), started)).rejects.toMatchObject({ kind, retryAfterMs });
});

it('a test only reads at GitHub, and a hold is not a deployment', async () => {
  const peer = await startPeer(api());
  await deliverTo(settings(peer.url), tried);
  await deliverTo(settings(peer.url), held);
  expect(peer.got.map(({ method }) => method)).toEqual(['GET']);
});

it('without a commit there is no deployment', async () => {
  const peer = await startPeer(api());
  await expect(deliverTo(settings(peer.url), { ...started, commit: undefined })).rejects.toMatchObject({
    kind: 'refused',
    message: 'the run has no commit, which a deployment needs',
  });
});

it.each(['scale', 'restarted'] as const)('a failed run that brings %s is not a deployment', async (brings) => {
  const peer = await startPeer(api());
  expect(await deliverTo(settings(peer.url), { ...failed, brings, commit: undefined })).toBeUndefined();
  expect(peer.got).toEqual([]);
});
