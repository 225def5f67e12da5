import { until } from '@golden-pipeline/shared/testing/until';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Server } from '../../../src/elb/haproxy/servers.ts';
import { ramp } from '../../../src/elb/haproxy/slow-start.ts';
import type { LoadBalancerRecord } from '../../../src/model.ts';
import { type OpenBalancer, openBalancer } from '../support/open-balancer.ts';
import { answers, JumpingClock, type RealBalancer } from '../support/real.ts';
import { forward, listener, routing, rule, targetGroup } from '../support/records.ts';

const server = (verdict: Server['verdict'], more: Partial<Server> = {}): Server => ({
  ...{ targetGroupArn: 'arn', backend: 'tg', name: 's', id: 'i', address: '127.0.0.1', port: 80 },
  ...{ draining: false, addedAt: 0, sessions: 0, weight: 100, verdict, ...more },
});

describe('the ramp', () => {
  it('begins beside an established server, grows steadily, and ends', () => {
    const [old, fresh] = [server('up'), server('checking')];
    const look = (now: number, wasUp: Server[]) => {
      ramp([old, fresh], 30_000, new Set(wasUp), now);
      return [old.weight, fresh.weight];
    };
    expect(look(0, [old])).toEqual([100, 1]);
    fresh.verdict = 'up';
    expect(look(1_000, [old])).toEqual([100, 1]);
    expect(look(16_000, [old, fresh])).toEqual([100, 50]);
    expect(look(31_000, [old, fresh])).toEqual([100, 100]);
    fresh.verdict = 'down';
    expect(look(40_000, [old, fresh])).toEqual([100, 1]);
    fresh.verdict = 'up';
    expect(look(50_000, [old])).toEqual([100, 1]);
    expect(look(53_000, [old, fresh])).toEqual([100, 10]);
    expect(ramp([old, fresh], 0, new Set([old, fresh]), 53_500)).toEqual([fresh]);
    expect(fresh.weight).toBe(100);
  });

  it('is left out where nobody serves yet, and for those that serve when it is switched on', () => {
    const both = [server('up'), server('up')];
    ramp(both, 30_000, new Set(), 0);
    expect(both.map(({ weight }) => weight)).toEqual([100, 100]);
    const leaving = server('up', { draining: true });
    const fresh = server('up');
    ramp([leaving, fresh], 30_000, new Set([leaving]), 0);
    expect(fresh.weight).toBe(100);
  });
});

describe('a slow start in HAProxy', () => {
  let opened: OpenBalancer;
  let real: RealBalancer;
  let balancer: LoadBalancerRecord;
  let port: number;
  const clock = new JumpingClock();

  beforeEach(async () => {
    opened = await openBalancer(clock);
    ({ real, balancer, port } = opened);
  });
  afterEach(() => opened.close());

  const share = async (id: string) => {
    const seen = await answers(opened.url, 600);
    return (seen[id] ?? 0) / 600;
  };

  it('ELB-TGP-07 gives a new target a growing share of the requests, also over a reload', async () => {
    const group = targetGroup('a', { healthyThreshold: 1 });
    group.attributes['slow_start.duration_seconds'] = '900';
    const front = listener(balancer, port, forward(group));
    const base = routing({ loadBalancers: [balancer], listeners: [front], targetGroups: [group] });
    await real.driver.apply(base);
    await opened.serve(group, 'old');
    expect(await share('old')).toBe(1);
    await opened.serve(group, 'new');
    expect(await share('new')).toBeLessThan(0.1);
    clock.jump(450_000);
    await real.driver.read();
    const half = await share('new');
    expect(half).toBeGreaterThan(0.23);
    expect(half).toBeLessThan(0.43);
    const extra = rule(front, 1, [{ Field: 'path-pattern', Values: ['/x'] }], forward(group));
    await real.driver.apply({ ...base, rules: [extra] });
    await until(async () => (await real.driver.read()).every(({ health }) => health === 'up'));
    const after = await share('new');
    expect(after).toBeGreaterThan(0.23);
    expect(after).toBeLessThan(0.43);
    clock.jump(450_000);
    await real.driver.read();
    const full = await share('new');
    expect(full).toBeGreaterThan(0.4);
    expect(full).toBeLessThan(0.6);
  });
});
