import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ListenerRecord, LoadBalancerRecord, TargetGroupRecord } from '../../../src/model.ts';
import { type OpenBalancer, openBalancer } from '../support/open-balancer.ts';
import { answers, type RealBalancer } from '../support/real.ts';
import { forward, listener, routing, targetGroup } from '../support/records.ts';

const requests = 3000;
const ids = ['a', 'b', 'c', 'd', 'e'];
let opened: OpenBalancer;
let real: RealBalancer;
let balancer: LoadBalancerRecord;
let port: number;
let groups: TargetGroupRecord[];

beforeAll(async () => {
  opened = await openBalancer();
  ({ real, balancer, port } = opened);
  groups = ids.map((id) => targetGroup(id, { healthyThreshold: 1 }));
  await real.driver.apply(route(ids.map(() => 1)));
  for (const [n, group] of groups.entries()) await opened.serve(group, ids[n] ?? '');
});
afterAll(async () => {
  await opened.close();
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
