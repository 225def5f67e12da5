import { until } from '@golden-pipeline/shared/testing/until';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ServedRequest } from '../../../src/elb/balancer-driver.ts';
import type { LoadBalancerRecord } from '../../../src/model.ts';
import { type OpenBalancer, openBalancer } from '../support/open-balancer.ts';
import { get, Load, type RealBalancer, untilHealth } from '../support/real.ts';
import { forward, listener, routing, rule, targetGroup } from '../support/records.ts';

let opened: OpenBalancer;
let real: RealBalancer;
let balancer: LoadBalancerRecord;
let port: number;
let url: string;
let served: ServedRequest[];

beforeEach(async () => {
  opened = await openBalancer();
  ({ real, balancer, port, url } = opened);
  served = [];
  real.driver.watchRequests((requests) => served.push(...requests));
});

afterEach(() => opened.close());

const backend = (id: string) => opened.backend(id);

describe('the requests that the balancer tells of', () => {
  it('are all there are, each with listener, target, status and time, over reloads too', async () => {
    const [a, b] = [targetGroup('a', { healthyThreshold: 1 }), targetGroup('b', { healthyThreshold: 1 })];
    const front = listener(balancer, port, forward([a, 30], [b, 70]));
    const base = routing({ loadBalancers: [balancer], listeners: [front], targetGroups: [a, b] });
    await real.driver.apply(base);
    const [one, two] = [await backend('i-1'), await backend('i-2')];
    two.delayMs = 25;
    await real.driver.add(a.arn, one);
    await real.driver.add(b.arn, two);
    await untilHealth(real.driver, 'i-1', 'up');
    await untilHealth(real.driver, 'i-2', 'up');
    const load = new Load(url, 8);
    for (let i = 1; i <= 5; i++) {
      await until(() => load.done > i * 80);
      const path = [{ Field: 'path-pattern', Values: [`/x${i}`] }];
      await real.driver.apply({ ...base, rules: [rule(front, i, path, forward(a))] });
    }
    await load.stop();
    expect(load.failures).toEqual([]);
    await until(async () => {
      await real.driver.read();
      return served.length >= load.done;
    });
    expect(served.length).toBe(one.requests + two.requests);
    for (const [group, target] of [
      [a, one],
      [b, two],
    ] as const) {
      const its = served.filter(({ targetGroupArn }) => targetGroupArn === group.arn);
      expect(its.length).toBe(target.requests);
      expect(its.every((request) => request.targetId === target.id && request.by === 'target')).toBe(true);
      expect(its.every(({ status, listenerArn }) => status === 200 && listenerArn === front.arn)).toBe(true);
    }
    const slow = served.filter(({ targetId }) => targetId === 'i-2');
    expect(Math.min(...slow.map(({ seconds = 0 }) => seconds))).toBeGreaterThanOrEqual(0.024);
  });

  it('say whose the answer was', async () => {
    const [a, empty] = [targetGroup('a', { healthyThreshold: 1 }), targetGroup('empty')];
    const front = listener(balancer, port, forward(a));
    const rules = [
      rule(front, 1, [{ Field: 'path-pattern', Values: ['/fixed'] }], {
        ...{ Type: 'fixed-response', FixedResponseConfig: { StatusCode: '503', MessageBody: 'later' } },
      }),
      rule(front, 2, [{ Field: 'path-pattern', Values: ['/none'] }], forward(empty)),
      rule(front, 3, [{ Field: 'path-pattern', Values: ['/nowhere'] }], forward([a, 0], [empty, 0])),
    ];
    await real.driver.apply(
      routing({ loadBalancers: [balancer], listeners: [front], rules, targetGroups: [a, empty] }),
    );
    const one = await backend('i-1');
    await real.driver.add(a.arn, one);
    await untilHealth(real.driver, 'i-1', 'up');
    for (const path of ['', 'fixed', 'none', 'nowhere']) await get(url + path);
    await until(async () => {
      await real.driver.read();
      return served.length === 4;
    });
    const listenerArn = front.arn;
    expect(served).toEqual([
      { listenerArn, targetGroupArn: a.arn, targetId: 'i-1', status: 200, by: 'target', seconds: expect.any(Number) },
      { listenerArn, status: 503, by: 'action' },
      { listenerArn, status: 503, by: 'balancer' },
      { listenerArn, status: 503, by: 'balancer' },
    ]);
  });
});
