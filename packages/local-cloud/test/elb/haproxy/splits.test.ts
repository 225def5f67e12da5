import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ListenerRecord, LoadBalancerRecord, TargetGroupRecord } from '../../../src/model.ts';
import {
  answers,
  type Backend,
  freePort,
  ownAddress,
  type RealBalancer,
  startBackend,
  startDriver,
  untilHealth,
} from '../support/real.ts';
import { forward, listener, loadBalancer, routing, targetGroup } from '../support/records.ts';

const requests = 3000;
const ids = ['a', 'b', 'c', 'd', 'e'];
let real: RealBalancer;
let balancer: LoadBalancerRecord;
let port: number;
let groups: TargetGroupRecord[];
let backends: Backend[];

beforeAll(async () => {
  real = await startDriver();
  balancer = loadBalancer(ownAddress());
  port = await freePort(balancer.address);
  groups = ids.map((id) => targetGroup(id, { healthyThreshold: 1 }));
  backends = await Promise.all(ids.map((id) => startBackend(id)));
  await real.driver.apply(route(ids.map(() => 1)));
  for (const [n, backend] of backends.entries()) {
    await real.driver.add(groups[n]?.arn ?? '', backend);
    await untilHealth(real.driver, backend.id, 'up');
  }
});
afterAll(async () => {
  await real.close();
  await Promise.all(backends.map((one) => one.close()));
  expect(real.reports).toEqual([]);
});

function route(weights: number[]) {
  const action = forward(...weights.map((weight, n): [TargetGroupRecord, number] => [groups[n] as never, weight]));
  const front: ListenerRecord = listener(balancer, port, action);
  return routing({ loadBalancers: [balancer], listeners: [front], targetGroups: groups });
}

it.each([
  { weights: [1, 99] },
  { weights: [5, 95] },
  { weights: [25, 75] },
  { weights: [50, 50] },
  { weights: [0, 100] },
  { weights: [999, 1] },
  { weights: [1, 1, 1, 1, 1] },
  { weights: [1, 2, 4, 8, 0] },
])('ELB-LSN-07 split requests by the weights $weights', async ({ weights }) => {
  await real.driver.apply(route(weights));
  const seen = await answers(`http://${balancer.address}:${port}/`, requests);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  expect(Object.values(seen).reduce((sum, count) => sum + count, 0)).toBe(requests);
  expect(Object.keys(seen).every((id) => weights[ids.indexOf(id)])).toBe(true);
  for (const [n, weight] of weights.entries()) {
    const share = weight / total;
    // Six standard deviations: one such test in hundreds of millions fails by chance.
    const margin = 6 * Math.sqrt(requests * share * (1 - share));
    expect(Math.abs((seen[ids[n] ?? ''] ?? 0) - requests * share)).toBeLessThanOrEqual(margin);
  }
});
