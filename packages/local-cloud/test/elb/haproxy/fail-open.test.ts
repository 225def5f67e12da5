import { until } from '@golden-pipeline/shared/testing/until';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isOpen } from '../../../src/elb/haproxy/fail-open.ts';
import type { Server } from '../../../src/elb/haproxy/servers.ts';
import type { ListenerRecord, LoadBalancerRecord, TargetGroupRecord } from '../../../src/model.ts';
import { type OpenBalancer, openBalancer } from '../support/open-balancer.ts';
import { answers, get, Load, type RealBalancer, untilHealth } from '../support/real.ts';
import { forward, listener, routing, rule, targetGroup } from '../support/records.ts';

const prefix = 'target_group_health.unhealthy_state_routing.minimum_healthy_targets';

describe('a group is open', () => {
  const servers = (...verdicts: Server['verdict'][]) =>
    verdicts.map((verdict) => ({ verdict, draining: false }) as Server);

  it('when nobody is up, or fewer than the minimum; those that drain do not count', () => {
    expect(isOpen(servers('down', 'down'), {})).toBe(true);
    expect(isOpen(servers('down', 'up'), {})).toBe(false);
    expect(isOpen(servers('down', 'up', 'up'), { [`${prefix}.count`]: '3' })).toBe(true);
    expect(isOpen(servers('up', 'up', 'checking'), { [`${prefix}.count`]: '2' })).toBe(false);
    const leaving = { verdict: 'up', draining: true } as Server;
    expect(isOpen([...servers('down'), leaving], {})).toBe(true);
  });

  it('when the share of those that are up is below the percentage', () => {
    const half = { [`${prefix}.percentage`]: '50' };
    expect(isOpen(servers('up', 'down'), half)).toBe(false);
    expect(isOpen(servers('up', 'down', 'down'), half)).toBe(true);
  });
});

describe('failing open in HAProxy', () => {
  let opened: OpenBalancer;
  let real: RealBalancer;
  let balancer: LoadBalancerRecord;
  let front: ListenerRecord;
  let group: TargetGroupRecord;
  let url: string;

  beforeEach(async () => {
    opened = await openBalancer();
    ({ real, balancer, url } = opened);
    group = targetGroup('a', { healthyThreshold: 2, unhealthyThreshold: 2 });
    front = listener(balancer, opened.port, forward(group));
  });
  afterEach(async () => {
    await opened.close();
    expect(real.reports).toEqual([]);
  });

  const base = () => routing({ loadBalancers: [balancer], listeners: [front], targetGroups: [group] });
  const add = (id: string, health?: 'up' | 'down') => opened.serve(group, id, health);
  const readings = async () =>
    Object.fromEntries((await real.driver.read()).map(({ id, health, sessions }) => [id, { health, sessions }]));

  it('ELB-TGP-08 sends requests to all when none is healthy, and only to the healthy ones when one is', async () => {
    await real.driver.apply(base());
    const [one, two] = [await add('one'), await add('two')];
    one.healthy = false;
    two.healthy = false;
    await untilHealth(real.driver, 'one', 'down');
    await untilHealth(real.driver, 'two', 'down');
    expect(await answers(url, 40)).toEqual({ one: 20, two: 20 });
    expect(await readings()).toEqual({ one: { health: 'down', sessions: 0 }, two: { health: 'down', sessions: 0 } });

    // Over a reload too.
    const extra = rule(front, 1, [{ Field: 'path-pattern', Values: ['/x'] }], forward(group));
    await real.driver.apply({ ...base(), rules: [extra] });
    expect(await answers(url, 40)).toEqual({ one: 20, two: 20 });

    two.healthy = true;
    await untilHealth(real.driver, 'two', 'up');
    expect((await readings()).one?.health).toBe('down');
    expect(await answers(url, 40)).toEqual({ two: 40 });
    two.healthy = false;
    await untilHealth(real.driver, 'two', 'down');
    expect(Object.keys(await answers(url, 40)).sort()).toEqual(['one', 'two']);
  });

  it('under load, refuses requests for no longer than it takes to notice that the last one fell', async () => {
    await real.driver.apply(base());
    const [one, two] = [await add('one'), await add('two')];
    const load = new Load(url, 8);
    const failures: number[] = [];
    for (const healthy of [false, true, false, true]) {
      // One after the other: HAProxy itself knows of the last one's fall before we do.
      for (const [id, backend] of Object.entries({ one, two })) {
        backend.healthy = healthy;
        await untilHealth(real.driver, id, healthy ? 'up' : 'down');
      }
      failures.push(load.failures.length);
      const { done } = load;
      await until(() => load.done > done + 200);
      expect(load.failures.length).toBe(failures.at(-1));
    }
    await load.stop();
    expect(load.failures.every((failure) => failure === '503')).toBe(true);
    expect((await readings()).one).toMatchObject({ health: 'up' });
  });

  it('begins below the count that the group says, and ends at it', async () => {
    group.attributes[`${prefix}.count`] = '2';
    await real.driver.apply(base());
    await add('one');
    await add('unhealthy', 'down');
    expect(Object.keys(await answers(url, 40)).sort()).toEqual(['one', 'unhealthy']);
    await add('two');
    expect(Object.keys(await answers(url, 40)).sort()).toEqual(['one', 'two']);
  });

  it('leaves requests in flight alone, and counts them while the target drains', async () => {
    await real.driver.apply(base());
    const unhealthy = await add('unhealthy', 'down');
    unhealthy.delayMs = 1_000;
    const inFlight = get(url);
    await until(() => unhealthy.requests === 1);
    await real.driver.drain(group.arn, unhealthy);
    await until(async () => (await readings()).unhealthy?.sessions === 1);
    expect((await get(url)).status).toBe(503);
    expect((await inFlight).text).toBe('unhealthy');
    await until(async () => (await readings()).unhealthy?.sessions === 0);
    await real.driver.remove(group.arn, unhealthy);
    expect(await real.driver.read()).toEqual([]);
  });

  it('gives no request to targets whose health is not known yet', async () => {
    group.healthCheck.unhealthyThreshold = 10;
    group.healthCheck.intervalSeconds = 1;
    await real.driver.apply(base());
    const young = await opened.backend('young');
    young.healthy = false;
    await real.driver.add(group.arn, young);
    await until(() => young.checks > 0);
    expect((await readings()).young?.health).toBe('checking');
    expect(await answers(url, 16)).toEqual({ 503: 16 });
  });
});
