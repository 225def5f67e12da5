import { beforeEach, describe, expect, it } from 'vitest';
import { account } from '../../../src/settings.ts';
import { fleet, makeGroup, subnets, type TestCloud, testCloud } from '../support/cloud.ts';

let cloud: TestCloud;
beforeEach(() => {
  cloud = testCloud();
});
describe('target groups', () => {
  it('have the defaults of AWS', async () => {
    const { TargetGroups } = await cloud.call('CreateTargetGroup', {
      Name: 'tg',
      Protocol: 'HTTP',
      Port: 80,
      VpcId: account.vpcId,
    });
    expect(TargetGroups[0]).toMatchObject({
      ...{
        HealthCheckPath: '/',
        HealthCheckIntervalSeconds: 30,
        HealthCheckTimeoutSeconds: 5,
        HealthyThresholdCount: 5,
      },
      ...{
        UnhealthyThresholdCount: 2,
        Matcher: { HttpCode: '200' },
        TargetType: 'instance',
        HealthCheckPort: 'traffic-port',
        LoadBalancerArns: [],
      },
    });
    const { Attributes } = await cloud.call('DescribeTargetGroupAttributes', {
      TargetGroupArn: TargetGroups[0].TargetGroupArn,
    });
    expect(Attributes).toContainEqual({ Key: 'deregistration_delay.timeout_seconds', Value: '300' });
  });

  it('of one name must be the same', async () => {
    const arn = await makeGroup(cloud, 'tg');
    expect(await makeGroup(cloud, 'tg')).toBe(arn);
    await expect(makeGroup(cloud, 'tg', { HealthCheckPath: '/up' })).rejects.toMatchObject({
      code: 'DuplicateTargetGroupName',
    });
  });

  it('refuse health checks that make no sense or no configuration', async () => {
    const wrong = [
      ...['up', '/a b', '/a\n  server x 1.2.3.4:80'].map((HealthCheckPath) => ({ HealthCheckPath })),
      ...['600', '2', '200-', '300-200', '200\nuser root'].map((HttpCode) => ({ Matcher: { HttpCode } })),
      { HealthCheckIntervalSeconds: 0 },
      { HealthCheckTimeoutSeconds: 6 },
      { HealthyThresholdCount: 1 },
      { HealthCheckPort: '80 check' },
      { HealthCheckProtocol: 'TCP' },
    ];
    for (const check of wrong)
      await expect(makeGroup(cloud, 'tg', check), JSON.stringify(check)).rejects.toMatchObject({
        code: 'ValidationError',
      });
    await cloud.refused(
      'CreateTargetGroup',
      { Name: 'tg', Protocol: 'TCP', Port: 80, VpcId: account.vpcId },
      'UnsupportedProtocol',
    );
  });

  it('in use cannot be deleted, nor belong to two load balancers', async () => {
    const { group, listener } = await fleet(cloud);
    await cloud.refused('DeleteTargetGroup', { TargetGroupArn: group }, 'ResourceInUse');
    const other = (await cloud.call('CreateLoadBalancer', { Name: 'other', Subnets: subnets })).LoadBalancers[0]
      .LoadBalancerArn;
    const actions = [{ Type: 'forward', TargetGroupArn: group }];
    await cloud.refused(
      'CreateListener',
      { LoadBalancerArn: other, Protocol: 'HTTP', Port: 80, DefaultActions: actions },
      'TargetGroupAssociationLimit',
    );
    await cloud.call('DeleteListener', { ListenerArn: listener });
    await cloud.call('DeleteTargetGroup', { TargetGroupArn: group });
    await cloud.refused('DescribeTargetGroups', { TargetGroupArns: [group] }, 'TargetGroupNotFound');
  });
});
