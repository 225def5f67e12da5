import { beforeEach, describe, expect, it } from 'vitest';
import { limits } from '../../src/elb/limits.ts';
import { fleet, makeGroup, subnets, type TestCloud, testCloud } from './support/cloud.ts';

let cloud: TestCloud;
beforeEach(() => {
  cloud = testCloud();
});
const refused = (operation: string, input: Record<string, unknown>, code: string) =>
  expect(cloud.call(operation, input)).rejects.toMatchObject({ name: 'CloudError', code });
const page = { Type: 'fixed-response', FixedResponseConfig: { StatusCode: '200' } };

describe('limits', () => {
  it('are reported in pages, as texts', async () => {
    const { Limits, NextMarker } = await cloud.call('DescribeAccountLimits', { PageSize: 3 });
    expect(Limits[0]).toEqual({ Name: 'application-load-balancers', Max: '50' });
    const rest = await cloud.call('DescribeAccountLimits', { Marker: NextMarker });
    expect([...Limits, ...rest.Limits].map(({ Name }) => Name)).toEqual(Object.keys(limits));
    await refused('DescribeAccountLimits', { PageSize: 401 }, 'ValidationError');
  });

  it('hold for load balancers and their listeners', async () => {
    const create = (n: number) => cloud.call('CreateLoadBalancer', { Name: `lb-${n}`, Subnets: subnets });
    for (let n = 1; n < 50; n++) await create(n);
    const LoadBalancerArn = (await create(50)).LoadBalancers[0].LoadBalancerArn;
    await refused('CreateLoadBalancer', { Name: 'lb-51', Subnets: subnets }, 'TooManyLoadBalancers');
    expect((await create(50)).LoadBalancers[0].LoadBalancerArn).toBe(LoadBalancerArn);
    const listen = (Port: number) => ({ LoadBalancerArn, Port, Protocol: 'HTTP', DefaultActions: [page] });
    for (let n = 1; n <= 50; n++) await cloud.call('CreateListener', listen(n));
    await refused('CreateListener', listen(51), 'TooManyListeners');
  });

  it('hold for target groups', async () => {
    const arn = await makeGroup(cloud, 'first');
    const [record] = Object.values(cloud.context.state.targetGroups);
    for (let n = 1; n < 3000; n++)
      cloud.context.state.targetGroups[`${arn}-${n}`] = { ...record, name: `g-${n}` } as never;
    await expect(makeGroup(cloud, 'one-more')).rejects.toMatchObject({ code: 'TooManyTargetGroups' });
  });

  it('hold for the targets of a group, and of all groups of a load balancer', async () => {
    const { group, listener } = await fleet(cloud);
    const other = await makeGroup(cloud, 'other');
    const forward = { TargetGroups: [group, other].map((TargetGroupArn) => ({ TargetGroupArn, Weight: 1 })) };
    await cloud.call('ModifyListener', {
      ...{ ListenerArn: listener, DefaultActions: [{ Type: 'forward', ForwardConfig: forward }] },
    });
    cloud.instance('i-1');
    const register = (TargetGroupArn: string, from: number, count: number) => ({
      TargetGroupArn,
      Targets: Array.from({ length: count }, (_, n) => ({ Id: 'i-1', Port: from + n })),
    });
    await refused('RegisterTargets', register(other, 1, 1001), 'TooManyTargets');
    await cloud.call('RegisterTargets', register(group, 1, 600));
    await refused('RegisterTargets', register(other, 1, 401), 'TooManyTargets');
    await cloud.call('RegisterTargets', register(other, 1, 400));
    // Those that are there may be named again.
    await cloud.call('RegisterTargets', register(other, 1, 400));
    const idle = await makeGroup(cloud, 'idle');
    await cloud.call('RegisterTargets', register(idle, 1, 1000));
    await refused('RegisterTargets', register(idle, 1001, 1), 'TooManyTargets');
  });
});
