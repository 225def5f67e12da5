import { until } from '@golden-pipeline/shared/testing/until';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { LoadBalancerRecord, TargetGroupRecord } from '../../../src/model.ts';
import { type OpenBalancer, openBalancer } from '../support/open-balancer.ts';
import { type Backend, get, type RealBalancer, untilHealth } from '../support/real.ts';
import { forward, listener, routing, rule, targetGroup } from '../support/records.ts';

let opened: OpenBalancer;
let real: RealBalancer;
let balancer: LoadBalancerRecord;
let group: TargetGroupRecord;
let port: number;

beforeEach(async () => {
  opened = await openBalancer();
  ({ real, balancer, port } = opened);
  group = targetGroup('a', { healthyThreshold: 1, unhealthyThreshold: 2 });
  group.attributes = { 'stickiness.enabled': 'true', 'stickiness.lb_cookie.duration_seconds': '60' };
});
afterEach(async () => {
  await opened.close();
  expect(real.reports).toEqual([]);
});

const front = () => listener(balancer, port, forward(group));
const base = () => routing({ loadBalancers: [balancer], listeners: [front()], targetGroups: [group] });
const reload = () => {
  const extra = rule(front(), 1, [{ Field: 'path-pattern', Values: ['/x'] }], forward(group));
  return real.driver.apply({ ...base(), rules: [extra] });
};
const add = (id: string) => opened.serve(group, id);
const visit = async (cookie?: string) => {
  const answer = await get(opened.url, cookie ? { cookie } : {});
  const set = String(answer.headers['set-cookie'] ?? '');
  return { text: answer.text, set, cookie: set.split(';')[0] ?? '' };
};
/** Who answers a client of this cookie, asked so often that chance would show. */
const served = async (cookie: string) => {
  const seen = new Set<string>();
  for (let n = 0; n < 12; n++) seen.add((await visit(cookie)).text);
  return [...seen];
};

it('ELB-TGP-10 keeps a client with its target, by a cookie that ends, over reloads too', async () => {
  await real.driver.apply(base());
  const all = [await add('one'), await add('two'), await add('three')];
  const { text, set, cookie } = await visit();
  expect(set).toMatch(/^AWSALB=[A-Za-z0-9+/]+=*; Expires=\w{3}, \d{2} \w{3} \d{4} [\d:]{8} GMT; Path=\/$/);
  const left = Date.parse(/Expires=([^;]+)/.exec(set)?.[1] ?? '') - Date.now();
  expect(left).toBeGreaterThan(30_000);
  expect(left).toBeLessThanOrEqual(61_000);
  expect(await served(`theme=dark; ${cookie}`)).toEqual([text]);
  await reload();
  expect(await served(cookie)).toEqual([text]);
  const without = await Promise.all(Array.from({ length: 12 }, () => visit()));
  expect(new Set(without.map((one) => one.text)).size).toBe(all.length);
});

it('moves it on when the target drains or fails, and takes no notice of cookies that name nobody', async () => {
  await real.driver.apply(base());
  const all = Object.fromEntries([await add('one'), await add('two'), await add('three')].map((one) => [one.id, one]));
  const first = await visit();
  const leaving = all[first.text] as Backend;
  await real.driver.drain(group.arn, leaving);
  expect(await served(first.cookie)).not.toContain(leaving.id);
  await reload();
  expect(await served(first.cookie)).not.toContain(leaving.id);

  const second = await visit(first.cookie);
  const failing = all[second.text] as Backend;
  expect(await served(second.cookie)).toEqual([failing.id]);
  failing.healthy = false;
  await untilHealth(real.driver, failing.id, 'down');
  const [last = ''] = await served(second.cookie);
  expect([leaving.id, failing.id]).not.toContain(last);
  failing.healthy = true;
  await untilHealth(real.driver, failing.id, 'up');
  for (const value of ['AWSALB=', 'AWSALB=x', `AWSALB=${'A'.repeat(4000)}`, 'AWSALB="; drop', 'AWSALB=%5B%5D']) {
    expect([failing.id, last]).toContain((await visit(value)).text);
  }
});

it('ends its unhealthy ways when the group does not fail open any more', async () => {
  await real.driver.apply(base());
  const [one, two] = [await add('one'), await add('two')];
  one.healthy = false;
  two.healthy = false;
  await untilHealth(real.driver, 'one', 'down');
  await untilHealth(real.driver, 'two', 'down');
  let sticky = await visit();
  await until(async () => {
    sticky = await visit();
    return sticky.text === 'one';
  });
  expect(await served(sticky.cookie)).toEqual(['one']);
  two.healthy = true;
  await untilHealth(real.driver, 'two', 'up');
  expect(await served(sticky.cookie)).toEqual(['two']);
});

it('sets no cookie unless stickiness is enabled', async () => {
  group.attributes = {};
  await real.driver.apply(base());
  await add('one');
  expect((await visit()).set).toBe('');
});
