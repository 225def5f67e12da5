import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ListenerRecord, LoadBalancerRecord } from '../../../src/model.ts';
import { type OpenBalancer, openBalancer } from '../support/open-balancer.ts';
import { type Backend, get, type RealBalancer } from '../support/real.ts';
import { forward, listener, routing, targetGroup } from '../support/records.ts';

let opened: OpenBalancer;
let real: RealBalancer;
let backend: Backend;
let balancer: LoadBalancerRecord;
let front: ListenerRecord;
const group = targetGroup('a', { healthyThreshold: 1 });
group.attributes['load_balancing.algorithm.type'] = 'weighted_random';

beforeAll(async () => {
  opened = await openBalancer();
  ({ real, balancer } = opened);
  front = listener(balancer, opened.port, forward(group));
  await apply({});
  backend = await opened.serve(group, 'one');
});
afterAll(() => opened.close());

const apply = (attributes: Record<string, string>) => {
  balancer = { ...balancer, attributes };
  return real.driver.apply(routing({ loadBalancers: [balancer], listeners: [front], targetGroups: [group] }));
};

/** What a target sees of a request that came through another proxy already. */
const seen = async (attributes: Record<string, string>, headers: Record<string, string> = {}) => {
  await apply(attributes);
  await get(`http://${balancer.address}:${front.port}/`, { 'X-Forwarded-For': '203.0.113.7', ...headers });
  return backend.lastHeaders;
};

describe('headers of requests', () => {
  it('tell who asked, by the mode of X-Forwarded-For', async () => {
    const mode = 'routing.http.xff_header_processing.mode';
    expect((await seen({}))['x-forwarded-for']).toMatch(/^203\.0\.113\.7, 127\.[\d.]+$/);
    expect((await seen({ [mode]: 'append' }))['x-forwarded-for']).toMatch(/^203\.0\.113\.7, 127\.[\d.]+$/);
    expect((await seen({ [mode]: 'preserve' }))['x-forwarded-for']).toBe('203.0.113.7');
    expect((await seen({ [mode]: 'remove' }))['x-forwarded-for']).toBeUndefined();
  });

  it('have the port of the client where that is wanted', async () => {
    const attributes = { 'routing.http.xff_client_port.enabled': 'true' };
    expect((await seen(attributes))['x-forwarded-for']).toMatch(/^203\.0\.113\.7, 127\.[\d.]+:\d{2,5}$/);
  });

  it('lose names with other characters than letters, digits and hyphens where that is wanted', async () => {
    const drop = 'routing.http.drop_invalid_header_fields.enabled';
    const sent = { 'x_odd!': '1', 'x-fine-2': '2' };
    expect(await seen({}, sent)).toMatchObject(sent);
    const kept = await seen({ [drop]: 'true' }, sent);
    expect(kept).toMatchObject({ 'x-fine-2': '2' });
    expect(kept).not.toHaveProperty('x_odd!');
  });
});
