import { z } from 'zod';
import { isSafeUrl } from '../notify-url.ts';
import { isTokenReference, type TokenReference } from '../secrets.ts';
import { flag, listOf, oneOf, port, section, shaped, text } from './values.ts';

/** What is announced, as configured. */
export const notifyEvents = ['started', 'released', 'rolled-back', 'failed', 'hold', 'scale'] as const;
export type NotifyEvent = (typeof notifyEvents)[number];

const reference = () =>
  z.custom<TokenReference>((value) => typeof value === 'string' && isTokenReference(value), {
    error: "a reference such as env('SLACK_TOKEN') or ssm('/shop/slack-token'), never the value itself",
  });

const address = () =>
  z.string({ error: 'a URL' }).refine(isSafeUrl, {
    error: 'a URL that starts with https:// (http:// on this computer only), without a password',
  });

const addressOrReference = () =>
  z.custom<string>((value) => typeof value === 'string' && (isTokenReference(value) || isSafeUrl(value)), {
    error:
      "a URL that starts with https:// (http:// on this computer only), or a reference such as env('HOOK_URL') where the URL is a secret",
  });

const host = () => shaped(/^[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?$|^[0-9A-Fa-f:]{2,45}$/, 'a host name');
const mailAddress = () => shaped(/^[^\s<>@\p{Cc}]+@[^\s<>@\p{Cc}]+$/u, 'an address such as deploys@example.com');
const metricPath = () => shaped(/^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/, 'names with dots between, such as deploys.shop');

const shared = {
  name: shaped(/^[a-z][a-z0-9-]{0,29}$/, 'a name: small letters, digits and -')
    .optional()
    .describe('Name of the target; needed for a second one of a kind.'),
  events: listOf(oneOf(notifyEvents), 'a list of events')
    .optional()
    .describe('What it is notified of; by default what suits its kind.'),
};

/** The kinds of targets; what each one does is in src/notify/targets/. */
const kinds = [
  section({
    to: z.literal('slack'),
    ...shared,
    token: reference().optional(),
    channel: shaped(/^#?[\p{L}\p{N}_.-]{1,80}$/u, "a channel such as '#deploys' or its id").optional(),
    webhook: reference().optional(),
    mentions: z.record(z.string(), shaped(/^[UW][A-Z0-9]{2,20}$/, "a member id such as 'U012AB3CD'")).optional(),
    api: address().default('https://slack.com/api'),
  }),
  section({ to: z.literal('webhook'), ...shared, url: addressOrReference(), secret: reference().optional() }),
  section({
    to: z.literal('email'),
    ...shared,
    host: host(),
    port: port().default(587),
    user: text().optional(),
    password: reference().optional(),
    from: mailAddress(),
    recipients: z.array(mailAddress(), { error: 'a list of addresses' }).min(1, { error: 'at least one address' }),
  }),
  section({
    to: z.literal('github'),
    ...shared,
    token: reference(),
    repository: shaped(/^[\w.-]+\/[\w.-]+$/, "a repository such as 'shop/api'").optional(),
    api: address().default('https://api.github.com'),
  }),
  section({
    to: z.literal('sentry'),
    ...shared,
    token: reference(),
    organization: shaped(/^[a-z0-9_-]{1,64}$/, 'the slug of an organization'),
    projects: z
      .array(shaped(/^[a-z0-9_-]{1,100}$/, 'the slug of a project'), { error: 'a list of projects' })
      .min(1, { error: 'at least one project' }),
    repository: text().optional(),
    api: address().default('https://sentry.io'),
  }),
  section({
    to: z.literal('graphite'),
    ...shared,
    url: addressOrReference().optional(),
    host: host().optional(),
    port: port().default(2003),
    prefix: metricPath().default('deploys'),
  }),
  section({ to: z.literal('teams'), ...shared, webhook: reference() }),
  section({
    to: z.literal('grafana'),
    ...shared,
    url: address(),
    token: reference(),
    dashboard: shaped(/^[A-Za-z0-9_-]{1,40}$/, 'the uid of a dashboard').optional(),
  }),
  section({
    to: z.literal('statsd'),
    ...shared,
    host: host(),
    port: port().default(8125),
    prefix: metricPath().default('deploys'),
  }),
  section({
    to: z.literal('pagerduty'),
    ...shared,
    routingKey: reference(),
    api: address().default('https://events.pagerduty.com'),
  }),
  section({ to: z.literal('otlp'), ...shared, url: addressOrReference(), token: reference().optional() }),
  section({
    to: z.literal('irc'),
    ...shared,
    host: host(),
    port: port().default(6697),
    tls: flag().default(true),
    nick: shaped(/^[A-Za-z[\]\\`_^{|}][A-Za-z0-9[\]\\`_^{|}-]{0,15}$/, 'a nickname').default('pipeline'),
    password: reference().optional(),
    channel: shaped(/^[#&][^\s,:\p{Cc}]{1,49}$/u, "a channel such as '#deploys'"),
  }),
] as const;

const target = z.discriminatedUnion('to', kinds, {
  error: ({ code }) =>
    code === 'invalid_union'
      ? `a target: ${kinds.map((kind) => `'${kind.shape.to.value}'`).join(', ')}`
      : 'a group of settings in { }',
});

/** A target as configured. */
export type NotifyTarget = z.output<typeof target>;
/** One of a kind. */
export type TargetSettings<Kind extends NotifyTarget['to']> = Extract<NotifyTarget, { to: Kind }>;

export const notifySection = section({
  targets: listOf(target, "a list of targets such as { to: 'slack', token: env('SLACK_TOKEN'), channel: '#deploys' }")
    .default([])
    .describe('Where releases, rollbacks, failures, holds and changes of size are announced (docs/notifications.md).'),
  mute: flag().default(false).describe('Nothing of this app is announced.'),
}).describe(
  'Notifications: who learns what the pipeline has done. `pipelines/environments.ts` sets them for all apps.',
);
