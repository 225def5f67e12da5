import { beforeEach, describe, expect, it } from 'vitest';
import { fleet, subnets, type TestCloud, testCloud } from '../support/cloud.ts';

let cloud: TestCloud;
beforeEach(() => {
  cloud = testCloud();
});
describe('load balancers', () => {
  it('are provisioning, then active, at an address that a URL can hold', async () => {
    const created = (
      await cloud.call('CreateLoadBalancer', { Name: 'web', Subnets: subnets, Tags: [{ Key: 'app', Value: 'api' }] })
    ).LoadBalancers[0];
    expect(created).toMatchObject({
      State: { Code: 'provisioning' },
      DNSName: '127.1.2.1',
      Type: 'application',
      Scheme: 'internet-facing',
    });
    expect(created.LoadBalancerArn).toMatch(
      /^arn:aws:elasticloadbalancing:eu-west-1:\d{12}:loadbalancer\/app\/web\/[0-9a-f]{16}$/,
    );
    await cloud.clock.advance(cloud.context.delays.balancerProvisioning);
    expect((await cloud.call('DescribeLoadBalancers', { Names: ['web'] })).LoadBalancers[0].State.Code).toBe('active');
    expect(
      (await cloud.call('CreateLoadBalancer', { Name: 'web', Subnets: subnets })).LoadBalancers[0].LoadBalancerArn,
    ).toBe(created.LoadBalancerArn);
    await cloud.refused(
      'CreateLoadBalancer',
      { Name: 'web', Subnets: subnets, Scheme: 'internal' },
      'DuplicateLoadBalancerName',
    );
  });

  it('are refused with bad names, subnets, groups and types', async () => {
    for (const Name of ['', '-a', 'a-', 'a b', 'a\nb', 'x'.repeat(33), 'internal-a'])
      await cloud.refused('CreateLoadBalancer', { Name, Subnets: subnets }, 'ValidationError');
    await cloud.refused('CreateLoadBalancer', { Name: 'a', Subnets: subnets.slice(0, 1) }, 'ValidationError');
    await cloud.refused('CreateLoadBalancer', { Name: 'a', Subnets: ['subnet-1', 'subnet-2'] }, 'SubnetNotFound');
    await cloud.refused(
      'CreateLoadBalancer',
      { Name: 'a', Subnets: subnets, SecurityGroups: ['sg-1'] },
      'InvalidSecurityGroup',
    );
    await cloud.refused('CreateLoadBalancer', { Name: 'a', Subnets: subnets, Type: 'network' }, 'ValidationError');
    await cloud.refused('DescribeLoadBalancers', { Names: ['none'] }, 'LoadBalancerNotFound');
    await cloud.refused('DescribeLoadBalancers', { LoadBalancerArns: ['__proto__'] }, 'ValidationError');
  });

  it('are named by ARNs of their own kind and account alone', async () => {
    const { balancer, listener, group } = await fleet(cloud);
    const foreign = balancer.replace(':000000000000:', ':111111111111:');
    for (const arn of ['none', listener, group, foreign]) {
      await expect(cloud.call('DescribeLoadBalancers', { LoadBalancerArns: [arn] })).rejects.toMatchObject({
        code: 'ValidationError',
        message: `'${arn}' is not a valid load balancer ARN`,
      });
    }
    await cloud.refused('DescribeLoadBalancers', { LoadBalancerArns: [`${balancer}0`] }, 'LoadBalancerNotFound');
    await cloud.refused('DescribeTargetHealth', { TargetGroupArn: balancer }, 'ValidationError');
    await cloud.refused('DescribeTargetHealth', { TargetGroupArn: `${group}0` }, 'TargetGroupNotFound');
    await cloud.refused('DescribeRules', { ListenerArn: group }, 'ValidationError');
    await cloud.refused('ModifyListener', { ListenerArn: `${listener}0` }, 'ListenerNotFound');
  });

  it('take attributes, and with deletion protection stay', async () => {
    const { balancer, listener } = await fleet(cloud);
    const set = (Key: string, Value: string) =>
      cloud.call('ModifyLoadBalancerAttributes', { LoadBalancerArn: balancer, Attributes: [{ Key, Value }] });
    await set('deletion_protection.enabled', 'true');
    await cloud.refused('DeleteLoadBalancer', { LoadBalancerArn: balancer }, 'OperationNotPermitted');
    await expect(set('idle_timeout.timeout_seconds', '60\nglobal')).rejects.toMatchObject({ code: 'ValidationError' });
    await expect(set('no.such', '1')).rejects.toMatchObject({ code: 'ValidationError' });
    await set('deletion_protection.enabled', 'false');
    await cloud.call('DeleteLoadBalancer', { LoadBalancerArn: balancer });
    await cloud.call('DeleteLoadBalancer', { LoadBalancerArn: balancer });
    await cloud.refused('DescribeListeners', { ListenerArns: [listener] }, 'ListenerNotFound');
  });
});
