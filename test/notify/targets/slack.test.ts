import { expect, it } from 'vitest';
import { z } from 'zod';
import { deliverTo } from '../support/deliver-to.ts';
import { failed, held, released, started } from '../support/facts.ts';
import { type Call, type Got, startPeer } from '../support/peer.ts';

const headers = {
  authorization: /^Bearer xoxb-4711-verysecret$/,
  'content-type': /^application\/json; charset=utf-8$/,
};
const ts = '1793000000.000100';

/** https://docs.slack.dev/reference/methods: chat.postMessage and chat.update. */
const api: Call[] = [
  {
    method: 'POST',
    path: /^\/api\/chat\.postMessage$/,
    headers,
    body: z.strictObject({
      channel: z.string(),
      text: z.string().min(1).max(40_000),
      thread_ts: z
        .string()
        .regex(/^\d+\.\d+$/)
        .optional(),
      reply_broadcast: z.boolean().optional(),
      unfurl_links: z.boolean(),
      unfurl_media: z.boolean(),
    }),
    answer: () => ({ status: 200, json: { ok: true, channel: 'C0DEPLOYS', ts } }),
  },
  {
    method: 'POST',
    path: /^\/api\/chat\.update$/,
    headers,
    body: z.strictObject({ channel: z.string().regex(/^C/), ts: z.string(), text: z.string().min(1) }),
    answer: ({ body }) => ({ status: 200, json: { ok: true, channel: body.channel, ts: body.ts } }),
  },
];

const settings = (url: string) => ({ to: 'slack', token: 'env:TOKEN', channel: '#deploys', api: `${url}/api` });
const calls = (got: Got[]) => got.map(({ path }) => path.replace('/api/', ''));

it('a run has one message in Slack, which its end changes, with commits and run in its thread', async () => {
  const peer = await startPeer(api);
  const receipt = await deliverTo(settings(peer.url), started);
  expect(receipt).toEqual({ channel: 'C0DEPLOYS', ts });
  expect(await deliverTo(settings(peer.url), released, { previous: receipt })).toEqual(receipt);
  expect(calls(peer.got)).toEqual(['chat.postMessage', 'chat.update', 'chat.postMessage']);
  expect(peer.got[0]?.body.text).toBe('ann@laptop is releasing api v42 to production (3 commits by ann, bob)');
  expect(peer.got[1]?.body).toEqual({
    channel: 'C0DEPLOYS',
    ts,
    text: 'api v42 is live in production (3 commits by ann, bob) after 6 min. Undo: pipeline fast-rollback api v41 --env production',
  });
  expect(peer.got[2]?.body).toMatchObject({ thread_ts: ts, reply_broadcast: false });
  expect(peer.got[2]?.body.text).toContain('22222222 Count &lt;b&gt; &amp; tickets (bob)');
  expect(peer.got[2]?.body.text).toContain('run 20261130T120000-ab12 by ann@laptop: pipeline release api');
  expect(peer.violations).toEqual([]);
});

it('a failure is said in the thread and in the channel of Slack, with what serves and how to see more', async () => {
  const peer = await startPeer(api);
  await deliverTo(settings(peer.url), failed, { previous: { channel: 'C0DEPLOYS', ts } });
  expect(peer.got.at(-1)?.body).toMatchObject({ thread_ts: ts, reply_broadcast: true });
  expect(peer.got.at(-1)?.body.text.split('\n')).toEqual([
    'api v42 was not released to production (ann, bob): v42 does not answer on /health',
    'everything was rolled back; v41 serves',
    'fix: look at its log',
    'more: pipeline history api 20261130T120000-ab12 --env production',
    'run 20261130T120000-ab12 by ann@laptop: pipeline release api --env production',
  ]);
  expect(peer.violations).toEqual([]);
});

it('a message of Slack that somebody has deleted is written anew', async () => {
  const peer = await startPeer(api);
  peer.next.push({ status: 200, json: { ok: false, error: 'message_not_found' } });
  const receipt = await deliverTo(settings(peer.url), released, { previous: { channel: 'C0DEPLOYS', ts: '1.1' } });
  expect(receipt).toEqual({ channel: 'C0DEPLOYS', ts });
  expect(calls(peer.got)).toEqual(['chat.update', 'chat.postMessage', 'chat.postMessage']);
});

it('authors are mentioned in Slack by their member id, and no text of a commit can mention anybody', async () => {
  const peer = await startPeer(api);
  const mean = {
    ...released,
    since: {
      version: 'v41',
      added: 1,
      removed: 0,
      commits: [{ commit: 'a', subject: '<!channel> \u0001U1\u0002', author: 'ann' }],
    },
  };
  await deliverTo({ ...settings(peer.url), mentions: { ann: 'U012AB3CD' } }, mean);
  expect(peer.got[0]?.body.text).toContain('(1 commit by <@U012AB3CD>)');
  expect(peer.got[1]?.body.text).toContain('&lt;!channel&gt;');
  expect(peer.got[1]?.body.text).not.toContain('<@U1>');
});

it.each([
  ['invalid_auth', 'refused'],
  ['channel_not_found', 'refused'],
  ['ratelimited', 'failed'],
  ['service_unavailable', 'failed'],
])('an answer %s of Slack is %s', async (error, kind) => {
  const peer = await startPeer(api);
  peer.next.push({ status: 200, json: { ok: false, error } });
  await expect(deliverTo(settings(peer.url), released)).rejects.toMatchObject({
    kind,
    message: `Slack answered: ${error}`,
  });
});

it('an incoming webhook of Slack gets a text, and its address is never shown', async () => {
  const hook: Call = {
    method: 'POST',
    path: /^\/services\/T0000TEAM\/B0000HOOK\/verysecretpart$/,
    headers: { 'content-type': /^application\/json/ },
    body: z.strictObject({ text: z.string().min(1) }),
    answer: () => ({ status: 200, text: 'ok' }),
  };
  const peer = await startPeer([hook]);
  const address = `${peer.url}/services/T0000TEAM/B0000HOOK/verysecretpart`;
  const webhook = { to: 'slack', webhook: 'env:HOOK' };
  expect(await deliverTo(webhook, held, { given: { 'env:HOOK': address } })).toBeUndefined();
  expect(peer.got[0]?.body.text.split('\n')[0]).toBe(
    'api in production is on hold by ann@laptop until 2026-12-01 14:00 UTC: sale of the final',
  );
  peer.next.push({ status: 404, text: `no_service for ${address}` });
  const refused = await deliverTo(webhook, held, { given: { 'env:HOOK': address } }).catch((error: Error) => error);
  expect(refused).toMatchObject({
    kind: 'refused',
    message: expect.stringMatching(/^127\.0\.0\.1:\d+ answered 404: no_service/),
  });
  expect(String(refused)).not.toMatch(/verysecretpart|B0000HOOK|T0000TEAM/);
});
