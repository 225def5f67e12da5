import { beforeEach, describe, expect, it } from 'vitest';
import { account } from '../../src/settings.ts';
import { fleet, makeGroup, subnets, type TestCloud, testCloud } from './support/cloud.ts';

let cloud: TestCloud;
beforeEach(() => {
  cloud = testCloud();
});
const refused = (operation: string, input: Record<string, unknown>, code: string) =>
  expect(cloud.call(operation, input)).rejects.toMatchObject({ name: 'CloudError', code });

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
    await refused(
      'CreateLoadBalancer',
      { Name: 'web', Subnets: subnets, Scheme: 'internal' },
      'DuplicateLoadBalancerName',
    );
  });

  it('are refused with bad names, subnets, groups and types', async () => {
    for (const Name of ['', '-a', 'a-', 'a b', 'a\nb', 'x'.repeat(33), 'internal-a'])
      await refused('CreateLoadBalancer', { Name, Subnets: subnets }, 'ValidationError');
    await refused('CreateLoadBalancer', { Name: 'a', Subnets: subnets.slice(0, 1) }, 'ValidationError');
    await refused('CreateLoadBalancer', { Name: 'a', Subnets: ['subnet-1', 'subnet-2'] }, 'SubnetNotFound');
    await refused(
      'CreateLoadBalancer',
      { Name: 'a', Subnets: subnets, SecurityGroups: ['sg-1'] },
      'InvalidSecurityGroup',
    );
    await refused('CreateLoadBalancer', { Name: 'a', Subnets: subnets, Type: 'network' }, 'ValidationError');
    await refused('DescribeLoadBalancers', { Names: ['none'] }, 'LoadBalancerNotFound');
    await refused('DescribeLoadBalancers', { LoadBalancerArns: ['__proto__'] }, 'ValidationError');
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
    await refused('DescribeLoadBalancers', { LoadBalancerArns: [`${balancer}0`] }, 'LoadBalancerNotFound');
    await refused('DescribeTargetHealth', { TargetGroupArn: balancer }, 'ValidationError');
    await refused('DescribeTargetHealth', { TargetGroupArn: `${group}0` }, 'TargetGroupNotFound');
    await refused('DescribeRules', { ListenerArn: group }, 'ValidationError');
    await refused('ModifyListener', { ListenerArn: `${listener}0` }, 'ListenerNotFound');
  });

  it('take attributes, and with deletion protection stay', async () => {
    const { balancer, listener } = await fleet(cloud);
    const set = (Key: string, Value: string) =>
      cloud.call('ModifyLoadBalancerAttributes', { LoadBalancerArn: balancer, Attributes: [{ Key, Value }] });
    await set('deletion_protection.enabled', 'true');
    await refused('DeleteLoadBalancer', { LoadBalancerArn: balancer }, 'OperationNotPermitted');
    await expect(set('idle_timeout.timeout_seconds', '60\nglobal')).rejects.toMatchObject({ code: 'ValidationError' });
    await expect(set('no.such', '1')).rejects.toMatchObject({ code: 'ValidationError' });
    await set('deletion_protection.enabled', 'false');
    await cloud.call('DeleteLoadBalancer', { LoadBalancerArn: balancer });
    await cloud.call('DeleteLoadBalancer', { LoadBalancerArn: balancer });
    await refused('DescribeListeners', { ListenerArns: [listener] }, 'ListenerNotFound');
  });
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
    await refused(
      'CreateTargetGroup',
      { Name: 'tg', Protocol: 'TCP', Port: 80, VpcId: account.vpcId },
      'UnsupportedProtocol',
    );
  });

  it('in use cannot be deleted, nor belong to two load balancers', async () => {
    const { group, listener } = await fleet(cloud);
    await refused('DeleteTargetGroup', { TargetGroupArn: group }, 'ResourceInUse');
    const other = (await cloud.call('CreateLoadBalancer', { Name: 'other', Subnets: subnets })).LoadBalancers[0]
      .LoadBalancerArn;
    const actions = [{ Type: 'forward', TargetGroupArn: group }];
    await refused(
      'CreateListener',
      { LoadBalancerArn: other, Protocol: 'HTTP', Port: 80, DefaultActions: actions },
      'TargetGroupAssociationLimit',
    );
    await cloud.call('DeleteListener', { ListenerArn: listener });
    await cloud.call('DeleteTargetGroup', { TargetGroupArn: group });
    await refused('DescribeTargetGroups', { TargetGroupArns: [group] }, 'TargetGroupNotFound');
  });
});

describe('listeners and rules', () => {
  const conditions = [{ Field: 'http-header', HttpHeaderConfig: { HttpHeaderName: 'x-proof', Values: ['on'] } }];

  it('are listed in pages', async () => {
    const { balancer, group } = await fleet(cloud);
    for (const Port of [81, 82])
      await cloud.call('CreateListener', {
        LoadBalancerArn: balancer,
        Protocol: 'HTTP',
        Port,
        DefaultActions: [{ Type: 'forward', TargetGroupArn: group }],
      });
    const first = await cloud.call('DescribeListeners', { LoadBalancerArn: balancer, PageSize: 2 });
    expect(first.Listeners).toHaveLength(2);
    const second = await cloud.call('DescribeListeners', {
      LoadBalancerArn: balancer,
      PageSize: 2,
      Marker: first.NextMarker,
    });
    expect(second.Listeners).toHaveLength(1);
    expect(second.NextMarker).toBeUndefined();
    await refused(
      'CreateListener',
      {
        LoadBalancerArn: balancer,
        Protocol: 'HTTP',
        Port: 81,
        DefaultActions: [{ Type: 'forward', TargetGroupArn: group }],
      },
      'DuplicateListener',
    );
  });

  it('have priorities of their own, which can be exchanged', async () => {
    const { group, listener } = await fleet(cloud);
    const Actions = [{ Type: 'forward', TargetGroupArn: group }];
    const make = async (Priority: number) =>
      (await cloud.call('CreateRule', { ListenerArn: listener, Priority, Conditions: conditions, Actions })).Rules[0]
        .RuleArn;
    const [one, two] = [await make(1), await make(2)];
    await expect(make(2)).rejects.toMatchObject({ code: 'PriorityInUse' });
    await refused('SetRulePriorities', { RulePriorities: [{ RuleArn: one, Priority: 2 }] }, 'PriorityInUse');
    await cloud.call('SetRulePriorities', {
      RulePriorities: [
        { RuleArn: one, Priority: 2 },
        { RuleArn: two, Priority: 1 },
      ],
    });
    const { Rules } = await cloud.call('DescribeRules', { ListenerArn: listener });
    expect(Rules.map((rule: { RuleArn: string }) => rule.RuleArn).slice(0, 2)).toEqual([two, one]);
    expect(Rules[2]).toMatchObject({ IsDefault: true, Priority: 'default' });
    await refused('DeleteRule', { RuleArn: Rules[2].RuleArn }, 'OperationNotPermitted');
    await cloud.call('DeleteRule', { RuleArn: one });
    await refused('ModifyRule', { RuleArn: one, Actions }, 'RuleNotFound');
  });

  it('refuse actions and conditions that make no sense', async () => {
    const { group, listener } = await fleet(cloud);
    const Actions = [{ Type: 'forward', TargetGroupArn: group }];
    const wrongActions = [
      [],
      [{ Type: 'authenticate-oidc' }],
      [{ Type: 'fixed-response', FixedResponseConfig: { StatusCode: '300' } }],
      [
        {
          Type: 'fixed-response',
          FixedResponseConfig: { StatusCode: '503', ContentType: "text/plain' file '/etc/passwd" },
        },
      ],
      [{ Type: 'fixed-response', FixedResponseConfig: { StatusCode: '503', MessageBody: 'x'.repeat(1025) } }],
      [{ Type: 'redirect', RedirectConfig: { StatusCode: 'HTTP_301', Host: 'a b' } }],
      [{ Type: 'redirect', RedirectConfig: { StatusCode: 'HTTP_301', Path: '/a\nb' } }],
      [{ Type: 'forward', ForwardConfig: { TargetGroups: [{ TargetGroupArn: group, Weight: 1000 }] } }],
    ];
    for (const wrong of wrongActions)
      await refused(
        'CreateRule',
        { ListenerArn: listener, Priority: 1, Conditions: conditions, Actions: wrong },
        'ValidationError',
      );
    const six = Array.from({ length: 6 }, () => ({ TargetGroupArn: group, Weight: 1 }));
    await refused(
      'ModifyListener',
      { ListenerArn: listener, DefaultActions: [{ Type: 'forward', ForwardConfig: { TargetGroups: six } }] },
      'TooManyTargetGroups',
    );
    const self = [{ Type: 'redirect', RedirectConfig: { StatusCode: 'HTTP_301' } }];
    await refused('ModifyListener', { ListenerArn: listener, DefaultActions: self }, 'InvalidLoadBalancerAction');
    const wrongConditions = [
      [],
      [{ Field: 'cookie', Values: ['a'] }],
      [{ Field: 'path-pattern', Values: ['/a\n  http-request deny'] }],
      [{ Field: 'http-header', HttpHeaderConfig: { HttpHeaderName: 'a) -m found }', Values: ['b'] } }],
      [{ Field: 'source-ip', Values: ['10.0.0.0/33'] }],
      [{ Field: 'path-pattern', Values: ['/1', '/2', '/3', '/4', '/5', '/6'] }],
    ];
    for (const wrong of wrongConditions)
      await refused(
        'CreateRule',
        { ListenerArn: listener, Priority: 1, Conditions: wrong, Actions },
        'ValidationError',
      );
  });

  it('are taken back when the balancer refuses them', async () => {
    const { balancer, group } = await fleet(cloud);
    cloud.context.balancer.apply = () => Promise.reject(new Error('cannot listen on 127.1.2.1:81: taken'));
    const DefaultActions = [{ Type: 'forward', TargetGroupArn: group }];
    await expect(
      cloud.call('CreateListener', { LoadBalancerArn: balancer, Protocol: 'HTTP', Port: 81, DefaultActions }),
    ).rejects.toThrow('127.1.2.1:81');
    expect((await cloud.call('DescribeListeners', { LoadBalancerArn: balancer })).Listeners).toHaveLength(1);
  });
});

describe('tags', () => {
  it('can be put on all four kinds, read and removed', async () => {
    const { balancer, group, listener } = await fleet(cloud);
    const ResourceArns = [balancer, group, listener];
    await cloud.call('AddTags', {
      ResourceArns,
      Tags: [
        { Key: 'app', Value: 'api' },
        { Key: 'x', Value: '' },
      ],
    });
    await cloud.call('RemoveTags', { ResourceArns: [group], TagKeys: ['x'] });
    const { TagDescriptions } = await cloud.call('DescribeTags', { ResourceArns });
    expect(TagDescriptions[0].Tags).toHaveLength(2);
    expect(TagDescriptions[1]).toEqual({ ResourceArn: group, Tags: [{ Key: 'app', Value: 'api' }] });
    await refused('AddTags', { ResourceArns, Tags: [{ Key: 'a' }, { Key: 'a' }] }, 'DuplicateTagKeys');
    await refused('DescribeTags', { ResourceArns: ['arn:x'] }, 'ValidationError');
  });
});
