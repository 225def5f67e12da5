import { until } from '@golden-pipeline/shared/testing/until';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LoadBalancerRecord } from '../../../src/model.ts';
import { type OpenBalancer, openBalancer } from '../support/open-balancer.ts';
import { answers, type Backend, freePort, get, Load, type RealBalancer, untilHealth } from '../support/real.ts';
import { forward, listener, loadBalancer, routing, rule, targetGroup } from '../support/records.ts';

let opened: OpenBalancer;
let real: RealBalancer;
let balancer: LoadBalancerRecord;
let port: number;
let url: string;

const backend = (id: string, at?: number) => opened.backend(id, at);

beforeEach(async () => {
  opened = await openBalancer();
  ({ real, balancer, port, url } = opened);
});

afterEach(() => opened.close());

function simple(group = targetGroup('a')) {
  return routing({
    loadBalancers: [balancer],
    listeners: [listener(balancer, port, forward(group))],
    targetGroups: [group],
  });
}

describe('targets', () => {
  it('get no request before the healthy threshold, and none after the unhealthy one', async () => {
    const group = targetGroup('a', { healthyThreshold: 3, unhealthyThreshold: 2, intervalSeconds: 0.3 });
    await real.driver.apply(simple(group));
    const one = await backend('one');
    await real.driver.add(group.arn, one);
    let checksAtFirstAnswer = 0;
    await until(async () => {
      const answer = await get(url);
      if (answer.status === 200) checksAtFirstAnswer = one.checks;
      else expect(answer.status).toBe(503);
      return answer.status === 200;
    });
    expect(checksAtFirstAnswer).toBeGreaterThanOrEqual(3);
    expect((await real.driver.read())[0]).toMatchObject({ id: 'one', health: 'up', port: one.port });
    const other = await backend('other');
    await real.driver.add(group.arn, other);
    await untilHealth(real.driver, 'other', 'up');
    one.healthy = false;
    await untilHealth(real.driver, 'one', 'down');
    const before = one.requests;
    expect(await answers(url, 40)).toEqual({ other: 40 });
    expect(one.requests).toBe(before);
    one.healthy = true;
    await untilHealth(real.driver, 'one', 'up');
    expect(Object.keys(await answers(url, 40)).sort()).toEqual(['one', 'other']);
  });

  it('ELB-TGT-08 that refuse connections fail their requests, and no other target is tried', async () => {
    const group = targetGroup('a', { intervalSeconds: 1, unhealthyThreshold: 10, healthyThreshold: 2 });
    await real.driver.apply(simple(group));
    const [dead, other] = [await backend('dead'), await backend('other')];
    for (const one of [dead, other]) {
      await real.driver.add(group.arn, one);
      await untilHealth(real.driver, one.id, 'up');
    }
    expect(await answers(url, 40)).toEqual({ dead: 20, other: 20 });
    await dead.close();
    const { other: answered = 0, 503: refused = 0 } = await answers(url, 40);
    expect(refused).toBeGreaterThan(0);
    expect({ answered: answered + refused, other: other.requests }).toEqual({ answered: 40, other: 20 + answered });
    expect((await real.driver.read()).find(({ id }) => id === 'dead')?.health).toBe('up');
  });

  it('that never answer are down after the unhealthy threshold and never get a request, reloads or not', async () => {
    const group = targetGroup('a', { intervalSeconds: 0.3, unhealthyThreshold: 3 });
    await real.driver.apply(simple(group));
    const unhealthy = await backend('unhealthy');
    unhealthy.healthy = false;
    const good = await backend('good');
    await real.driver.add(group.arn, good);
    await untilHealth(real.driver, 'good', 'up');
    const load = new Load(url, 4);
    await real.driver.add(group.arn, unhealthy);
    await real.driver.add(group.arn, { id: 'dead', address: '127.0.0.1', port: await freePort('127.0.0.1') });
    expect((await real.driver.read()).find(({ id }) => id === 'unhealthy')?.health).toBe('checking');
    for (let i = 0; i < 4; i++) {
      const other = targetGroup(`other${i}`);
      await real.driver.apply({ ...simple(group), targetGroups: [group, other] });
    }
    await untilHealth(real.driver, 'unhealthy', 'down');
    await untilHealth(real.driver, 'dead', 'down');
    await load.stop();
    expect(load.failures).toEqual([]);
    expect(unhealthy.requests).toBe(0);
    expect(good.requests).toBeGreaterThan(100);
  });

  it('are replaced under load with no failed request', async () => {
    const group = targetGroup('a', { intervalSeconds: 0.2, healthyThreshold: 2 });
    await real.driver.apply(simple(group));
    let serving = await Promise.all(['a1', 'a2', 'a3', 'a4'].map((id) => backend(id)));
    for (const one of serving) await real.driver.add(group.arn, one);
    for (const one of serving) await untilHealth(real.driver, one.id, 'up');
    const load = new Load(url, 24);
    for (const generation of ['b', 'c']) {
      const next = await Promise.all([1, 2, 3, 4].map((n) => backend(`${generation}${n}`)));
      for (const [n, old] of serving.entries()) {
        const fresh = next[n] as Backend;
        await real.driver.add(group.arn, fresh);
        await untilHealth(real.driver, fresh.id, 'up');
        await real.driver.drain(group.arn, old);
        await until(async () => (await real.driver.read()).find(({ id }) => id === old.id)?.sessions === 0);
        await real.driver.remove(group.arn, old);
        await old.close();
      }
      serving = next;
    }
    await load.stop();
    expect(load.failures).toEqual([]);
    expect(load.done).toBeGreaterThan(1000);
    expect((await real.driver.read()).map(({ id }) => id).sort()).toEqual(['c1', 'c2', 'c3', 'c4']);
  });

  it('that drain keep the requests in flight, also across a reload; removal cuts them', async () => {
    const group = targetGroup('a', { healthyThreshold: 2 });
    await real.driver.apply(simple(group));
    const slow = await backend('slow');
    slow.delayMs = 1500;
    await real.driver.add(group.arn, slow);
    await untilHealth(real.driver, 'slow', 'up');
    const inFlight = get(url);
    await until(() => slow.requests === 1);
    await real.driver.drain(group.arn, slow);
    await real.driver.apply({ ...simple(group), targetGroups: [group, targetGroup('other')] });
    expect((await real.driver.read())[0]?.sessions).toBe(1);
    expect((await get(url)).status).toBe(503);
    expect((await inFlight).text).toBe('slow');
    await until(async () => (await real.driver.read())[0]?.sessions === 0);

    await real.driver.add(group.arn, slow);
    await untilHealth(real.driver, 'slow', 'up');
    const cut = get(url).then(
      ({ status }) => status,
      () => 'reset',
    );
    await until(() => slow.requests === 2);
    await real.driver.remove(group.arn, slow);
    expect(await cut).not.toBe(200);
    expect(await real.driver.read()).toEqual([]);
    await real.driver.remove(group.arn, slow);
  });
});

describe('weights', () => {
  it('split as told and switch at once without a reload', async () => {
    const [a, b] = [targetGroup('a', { healthyThreshold: 1 }), targetGroup('b', { healthyThreshold: 1 })];
    const split = (x: number, y: number) =>
      routing({
        loadBalancers: [balancer],
        listeners: [listener(balancer, port, forward([a, x], [b, y]))],
        targetGroups: [a, b],
      });
    await real.driver.apply(split(5, 95));
    const [one, two] = [await backend('one'), await backend('two')];
    await real.driver.add(a.arn, one);
    await real.driver.add(b.arn, two);
    await untilHealth(real.driver, 'one', 'up');
    await untilHealth(real.driver, 'two', 'up');
    const load = new Load(url);
    await until(() => load.done > 4000, Boolean, { seconds: 15 });
    const share = one.requests / (one.requests + two.requests);
    expect(share).toBeGreaterThan(0.035);
    expect(share).toBeLessThan(0.065);
    const { worker } = real.driver.pids;
    await real.driver.apply(split(100, 0));
    const before = two.requests;
    // What HAProxy had chosen before the switch may still be on its way to the backend.
    const slack = 16;
    const done = load.done;
    await until(() => load.done > done + 1000);
    expect(two.requests - before).toBeLessThanOrEqual(slack);
    const later = two.requests;
    await until(() => load.done > done + 2000);
    expect(two.requests).toBe(later);
    await load.stop();
    expect(load.failures).toEqual([]);
    expect(real.driver.pids.worker).toBe(worker);
    await real.driver.apply(split(0, 0));
    expect((await get(url)).status).toBe(503);
  });
});

describe('life', () => {
  it('reloads under load without a loss', async () => {
    const group = targetGroup('a', { healthyThreshold: 1 });
    await real.driver.apply(simple(group));
    for (const id of ['one', 'two']) await real.driver.add(group.arn, await backend(id));
    await untilHealth(real.driver, 'one', 'up');
    await untilHealth(real.driver, 'two', 'up');
    const load = new Load(url, 24);
    const base = simple(group);
    for (let i = 1; i <= 15; i++) {
      const extra = rule(
        base.listeners[0] as never,
        i,
        [{ Field: 'path-pattern', Values: [`/x${i}`] }],
        forward(group),
      );
      await real.driver.apply({ ...base, rules: [extra] });
      expect((await real.driver.read()).map(({ health }) => health)).toEqual(['up', 'up']);
    }
    await load.stop();
    expect(load.failures).toEqual([]);
    expect(load.done).toBeGreaterThan(500);
  });

  it.each(['worker', 'master'] as const)('is repaired when the %s is killed', async (which) => {
    const group = targetGroup('a', { healthyThreshold: 1 });
    await real.driver.apply(simple(group));
    await real.driver.add(group.arn, await backend('one'));
    await untilHealth(real.driver, 'one', 'up');
    const before = real.driver.pids;
    process.kill(before[which], 'SIGKILL');
    await until(() => real.driver.pids.worker !== before.worker && real.driver.pids.worker !== 0);
    expect((await get(url)).text).toBe('one');
    expect(String(real.reports[0])).toContain('exited unexpectedly');
  });

  it('names the address of a taken port and keeps serving the rest', async () => {
    const group = targetGroup('a');
    await real.driver.apply(simple(group));
    const holder = await backend('holder');
    const other = { ...loadBalancer('127.0.0.1'), arn: 'other' };
    const wanted = { ...simple(group), loadBalancers: [balancer, other] };
    wanted.listeners = [...wanted.listeners, listener(other, holder.port, forward(group))];
    await expect(real.driver.apply(wanted)).rejects.toThrow(`127.0.0.1:${holder.port}`);
    expect((await get(url)).status).toBe(503);
  });
});
