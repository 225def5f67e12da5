import { createSocket } from 'node:dgram';
import { expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { deliverTo } from '../support/deliver-to.ts';
import { failed, held, released } from '../support/facts.ts';
import { type Call, startPeer } from '../support/peer.ts';

const json = /^application\/json/;
const attribute = z.strictObject({ key: z.string(), value: z.strictObject({ stringValue: z.string() }) });

it('Teams gets an Adaptive Card, and Markdown of others is shown as it is', async () => {
  const card: Call = {
    method: 'POST',
    path: /^\/workflows\/very-secret-4711\?/,
    headers: { 'content-type': json },
    // https://adaptivecards.io/explorer/, as the workflow "When a Teams webhook request is received" takes it.
    body: z.strictObject({
      type: z.literal('message'),
      attachments: z.tuple([
        z.strictObject({
          contentType: z.literal('application/vnd.microsoft.card.adaptive'),
          contentUrl: z.null(),
          content: z.strictObject({
            $schema: z.url(),
            type: z.literal('AdaptiveCard'),
            version: z.string().regex(/^1\.[0-6]$/),
            body: z.array(
              z.looseObject({ type: z.literal('TextBlock'), text: z.string().min(1), wrap: z.literal(true) }),
            ),
          }),
        }),
      ]),
    }),
    answer: () => ({ status: 202 }),
  };
  const peer = await startPeer([card]);
  const given = { 'env:TEAMS': `${peer.url}/workflows/very-secret-4711?sig=also-secret-4711` };
  const error = { code: 'x', message: 'a *bold* [link](http://x)' };
  await deliverTo({ to: 'teams', webhook: 'env:TEAMS' }, { ...failed, error }, { given });
  const [first] = peer.got[0]?.body.attachments[0].content.body ?? [];
  expect(first).toMatchObject({
    text: expect.stringContaining('a \\*bold\\* \\[link\\](http://x)'),
    color: 'attention',
  });
  peer.next.push({ status: 400, text: 'bad signature also-secret-4711' });
  const refused = await deliverTo({ to: 'teams', webhook: 'env:TEAMS' }, failed, { given }).catch(String);
  expect(refused).toContain('answered 400');
  expect(refused).not.toMatch(/also-secret|very-secret/);
  expect(peer.violations).toEqual([]);
});

it('Grafana gets an annotation from the start of the run to its end', async () => {
  const annotations: Call = {
    method: 'POST',
    path: /^\/api\/annotations$/,
    headers: { authorization: /^Bearer xoxb-4711-verysecret$/, 'content-type': json },
    // https://grafana.com/docs/grafana/latest/developers/http_api/annotations/
    body: z.strictObject({
      dashboardUID: z.string().optional(),
      time: z.int(),
      timeEnd: z.int().optional(),
      tags: z.array(z.string()),
      text: z.string().min(1),
    }),
    answer: () => ({ status: 200, json: { message: 'Annotation added', id: 7 } }),
  };
  const peer = await startPeer([annotations]);
  const settings = { to: 'grafana', url: peer.url, token: 'env:TOKEN', dashboard: 'abc' };
  expect(await deliverTo(settings, released)).toEqual({ annotation: 7 });
  await deliverTo(settings, held);
  expect(peer.got[0]?.body).toMatchObject({
    ...{ dashboardUID: 'abc', time: Date.parse('2026-11-30T12:00:00Z'), timeEnd: Date.parse('2026-11-30T12:06:00Z') },
    tags: ['pipeline', 'released', 'production', 'api'],
    text: expect.stringContaining('Count &lt;b&gt; &amp; tickets'),
  });
  expect(peer.violations).toEqual([]);
});

it('PagerDuty gets a change event with a summary of at most 1,024 characters', async () => {
  const enqueue: Call = {
    method: 'POST',
    path: /^\/v2\/change\/enqueue$/,
    headers: { 'content-type': json },
    // https://developer.pagerduty.com/docs/send-change-events
    body: z.strictObject({
      routing_key: z.literal('xoxb-4711-verysecret'),
      payload: z.strictObject({
        summary: z.string().min(1).max(1024),
        timestamp: z.iso.datetime(),
        source: z.string(),
        custom_details: z.record(z.string(), z.unknown()),
      }),
    }),
    answer: () => ({ status: 202, json: { status: 'success' } }),
  };
  const peer = await startPeer([enqueue]);
  const settings = { to: 'pagerduty', routingKey: 'env:TOKEN', api: peer.url };
  await deliverTo(settings, { ...released, undo: 'x'.repeat(2000) });
  expect(peer.got[0]?.body.payload).toMatchObject({ source: 'api in production', custom_details: { version: 'v42' } });
  peer.next.push({ status: 400, json: { message: 'invalid key xoxb-4711-verysecret' } });
  const refused = await deliverTo(settings, released).catch((error) => error);
  expect(refused).toMatchObject({ kind: 'refused' });
  expect(String(refused)).not.toContain('verysecret');
  expect(peer.violations).toEqual([]);
});

it('OpenTelemetry gets one trace for a run, with a span for each step inside of it, and the same ids the second time', async () => {
  const id = (digits: number) => z.string().regex(new RegExp(`^[0-9a-f]{${digits}}$`));
  const span = z.strictObject({
    traceId: id(32),
    spanId: id(16),
    parentSpanId: id(16).optional(),
    name: z.string().min(1),
    kind: z.literal(1),
    startTimeUnixNano: z.string().regex(/^\d{19}$/),
    endTimeUnixNano: z.string().regex(/^\d{19}$/),
    attributes: z.array(attribute),
    status: z.looseObject({ code: z.literal([1, 2]) }),
  });
  const traces: Call = {
    method: 'POST',
    path: /^\/v1\/traces$/,
    headers: { 'content-type': json, authorization: /^Bearer xoxb-4711-verysecret$/ },
    // https://opentelemetry.io/docs/specs/otlp/#otlphttp
    body: z.strictObject({
      resourceSpans: z.array(
        z.strictObject({
          resource: z.strictObject({ attributes: z.array(attribute) }),
          scopeSpans: z.array(z.strictObject({ scope: z.strictObject({ name: z.string() }), spans: z.array(span) })),
        }),
      ),
    }),
    answer: () => ({ status: 200, json: { partialSuccess: {} } }),
  };
  const peer = await startPeer([traces]);
  const settings = { to: 'otlp', url: peer.url, token: 'env:TOKEN' };
  await deliverTo(settings, failed);
  await deliverTo(settings, failed);
  expect(peer.violations).toEqual([]);
  expect(peer.got[1]?.text).toBe(peer.got[0]?.text);
  const [run, step] = peer.got[0]?.body.resourceSpans[0].scopeSpans[0].spans ?? [];
  expect(run).toMatchObject({ name: 'release', status: { code: 2, message: 'v42 does not answer on /health' } });
  expect(step).toMatchObject({ name: 'Stage the commit', traceId: run.traceId, parentSpanId: run.spanId });
  expect(step.startTimeUnixNano >= run.startTimeUnixNano && step.endTimeUnixNano <= run.endTimeUnixNano).toBe(true);
  peer.next.push({ status: 200, json: { partialSuccess: { rejectedSpans: '2', errorMessage: 'too old' } } });
  await expect(deliverTo(settings, failed)).rejects.toMatchObject({
    kind: 'refused',
    message: 'the spans were rejected: too old',
  });
});

it('statsd gets a counter and the time of the run in one datagram', async () => {
  const socket = createSocket('udp4');
  onTestFinished(() => new Promise((resolve) => void socket.close(() => resolve())));
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const got = new Promise<string>((resolve) => socket.once('message', (message) => resolve(message.toString())));
  await deliverTo({ to: 'statsd', host: '127.0.0.1', port: socket.address().port }, released);
  expect(await got).toBe('deploys.production.api.released:1|c\ndeploys.production.api.released.time:361200|ms');
});
