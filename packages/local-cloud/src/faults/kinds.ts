import type { FaultFields } from './fields.ts';

type Field = keyof FaultFields;

const call: readonly Field[] = ['operation', 'service', 'region', 'rate', 'count', 'forMs'];
const machine: readonly Field[] = ['zone', 'instance', 'image', 'group', 'rate', 'count', 'forMs'];

/** What a kind does, which fields it takes, and what it takes for those that are not given. */
export interface KindFacts {
  summary: string;
  takes: readonly Field[];
  needs?: readonly Field[];
  defaults?: FaultFields;
  /** It happens once, when it is switched on. */
  once?: boolean;
}

const table = {
  throttle: {
    summary: "calls over the published rate limits (or a bucket of one's own) are refused",
    takes: ['operation', 'service', 'region', 'forMs', 'profile', 'capacity', 'refill'],
  },
  error: { summary: 'calls are refused with an error', takes: [...call, 'code', 'status', 'message'] },
  'cut-before': { summary: 'the connection is cut before anything was changed', takes: call },
  'cut-after': { summary: 'the connection is cut after the change was made, before the answer', takes: call },
  latency: { summary: 'calls take longer', takes: [...call, 'delayMs'], defaults: { delayMs: 1_000 } },
  'eventual-consistency': {
    summary: 'new instances, images, snapshots, templates, key pairs and security groups are not found at first',
    takes: ['region', 'rate', 'count', 'forMs', 'delayMs'],
    defaults: { delayMs: 5_000 },
  },
  'bake-fail': { summary: 'new images fail, copies too', takes: ['region', ...machine, 'message'] },
  'bake-slow': {
    summary: 'new images stay pending longer, copies too',
    takes: ['region', ...machine, 'delayMs'],
    defaults: { delayMs: 60_000 },
  },
  'boot-dead': { summary: 'machines die at their boot', takes: [...machine, 'message'] },
  'never-healthy': { summary: 'machines run, but the balancer never sees them up', takes: machine },
  flapping: {
    summary: 'targets are up and down in turns',
    takes: [...machine, 'periodMs'],
    defaults: { periodMs: 10_000 },
  },
  'late-drain': { summary: 'targets drain for the whole deregistration delay, as in AWS', takes: machine },
  'insufficient-capacity': {
    summary: 'a zone has no room for new or stopped instances',
    takes: ['zone', 'type', 'rate', 'count', 'forMs'],
  },
  'zone-lost': {
    summary: 'every machine of a zone dies, and none starts there any more',
    takes: ['zone', 'forMs'],
    needs: ['zone'],
  },
  'backend-kill': {
    summary: "the balancer's worker is killed; with --instance or --group the service on those machines",
    takes: ['instance', 'group', 'delayMs'],
    defaults: { delayMs: 5_000 },
    once: true,
  },
  alarm: {
    summary: 'a CloudWatch alarm is in the ALARM state; instance refreshes that watch it fail, or roll back',
    takes: ['alarm', 'region', 'forMs'],
    needs: ['alarm'],
  },
} satisfies Record<string, KindFacts>;

export type FaultKind = keyof typeof table;

/** Every kind of fault, with what it does and which fields it takes. */
export const kinds: Readonly<Record<FaultKind, KindFacts>> = table;

/** Everything that the cloud can do wrong on request. */
export const faultKinds = Object.keys(table) as FaultKind[];
