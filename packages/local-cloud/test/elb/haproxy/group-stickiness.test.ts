import { afterEach, beforeEach, expect, it } from 'vitest';
import type { LoadBalancerRecord } from '../../../src/model.ts';
import { type OpenBalancer, openBalancer } from '../support/open-balancer.ts';
import { get, type RealBalancer } from '../support/real.ts';
import { forward, listener, routing, rule, targetGroup } from '../support/records.ts';

const [blue, green] = [targetGroup('blue', { healthyThreshold: 1 }), targetGroup('green', { healthyThreshold: 1 })];
let opened: OpenBalancer;
let real: RealBalancer;
let balancer: LoadBalancerRecord;
let port: number;

beforeEach(async () => {
  opened = await openBalancer();
  ({ real, balancer, port } = opened);
  await apply(100, 0, 60);
  for (const group of [blue, green]) await opened.serve(group, group.name);
});
afterEach(async () => {
  await opened.close();
  expect(real.reports).toEqual([]);
});

/** A forward with these weights, sticky for so many seconds. */
function split(toBlue: number, toGreen: number, seconds?: number): Record<string, unknown> {
  const action = forward([blue, toBlue], [green, toGreen]);
  if (seconds === undefined) return action;
  const config = { TargetGroupStickinessConfig: { Enabled: true, DurationSeconds: seconds } };
  return { ...action, ForwardConfig: { ...(action.ForwardConfig as object), ...config } };
}
const apply = (...weights: Parameters<typeof split>) => applyAll(split(...weights));
function applyAll(action: Record<string, unknown>, ofRule?: Record<string, unknown>): Promise<void> {
  const front = listener(balancer, port, action);
  const rules = ofRule ? [rule(front, 1, [{ Field: 'path-pattern', Values: ['/x'] }], ofRule)] : [];
  return real.driver.apply(
    routing({ loadBalancers: [balancer], listeners: [front], targetGroups: [blue, green], rules }),
  );
}
const visit = async (cookie?: string, path = '/') => {
  const answer = await get(`http://${balancer.address}:${port}${path}`, cookie ? { cookie } : {});
  const set = String(answer.headers['set-cookie'] ?? '');
  return { text: answer.text, set, cookie: set.split(';')[0] ?? '' };
};
/** Who answers, asked so often that chance would show. */
const served = async (cookie?: string) => {
  const seen = new Set<string>();
  for (let n = 0; n < 12; n++) seen.add((await visit(cookie)).text);
  return [...seen];
};

it('ELB-LSN-08 a client stays with its target group whatever the weights are, until that is ended with a change of them', async () => {
  const { set, cookie } = await visit();
  expect(set).toMatch(/^AWSALBTG=[A-Za-z0-9+/]+=*; Expires=\w{3}, \d{2} \w{3} \d{4} [\d:]{8} GMT; Path=\/$/);
  const left = Date.parse(/Expires=([^;]+)/.exec(set)?.[1] ?? '') - Date.now();
  expect(left).toBeGreaterThan(30_000);
  expect(left).toBeLessThanOrEqual(61_000);
  await apply(0, 100, 60);
  expect(await served(cookie)).toEqual(['blue']);
  expect(await served()).toEqual(['green']);
  await apply(0, 100);
  expect(await served(cookie)).toEqual(['green']);
  expect((await visit(cookie)).set).toBe('');
});

it('follows no cookie but of its own target groups, and each rule has its own', async () => {
  for (const value of [
    'AWSALBTG=',
    'AWSALBTG=x',
    `AWSALBTG=${Buffer.from('tg-0').toString('base64')}`,
    'AWSALBTG="; drop',
  ]) {
    expect(await served(value)).toEqual(['blue']);
  }
  const { cookie } = await visit();
  await applyAll(split(0, 100), split(0, 100, 5));
  expect(await served(cookie)).toEqual(['green']);
  const inRule = await visit(cookie, '/x');
  expect(inRule.text).toBe('blue');
  expect(inRule.set).toContain('AWSALBTG=');
});
