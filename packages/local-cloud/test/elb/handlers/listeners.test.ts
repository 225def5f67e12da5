import { beforeEach, describe, expect, it } from 'vitest';
import { fleet, type TestCloud, testCloud } from '../support/cloud.ts';

let cloud: TestCloud;
beforeEach(() => {
  cloud = testCloud();
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
    await cloud.refused(
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
    await cloud.refused('SetRulePriorities', { RulePriorities: [{ RuleArn: one, Priority: 2 }] }, 'PriorityInUse');
    await cloud.call('SetRulePriorities', {
      RulePriorities: [
        { RuleArn: one, Priority: 2 },
        { RuleArn: two, Priority: 1 },
      ],
    });
    const { Rules } = await cloud.call('DescribeRules', { ListenerArn: listener });
    expect(Rules.map((rule: { RuleArn: string }) => rule.RuleArn).slice(0, 2)).toEqual([two, one]);
    expect(Rules[2]).toMatchObject({ IsDefault: true, Priority: 'default' });
    await cloud.refused('DeleteRule', { RuleArn: Rules[2].RuleArn }, 'OperationNotPermitted');
    await cloud.call('DeleteRule', { RuleArn: one });
    await cloud.refused('ModifyRule', { RuleArn: one, Actions }, 'RuleNotFound');
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
      await cloud.refused(
        'CreateRule',
        { ListenerArn: listener, Priority: 1, Conditions: conditions, Actions: wrong },
        'ValidationError',
      );
    const six = Array.from({ length: 6 }, () => ({ TargetGroupArn: group, Weight: 1 }));
    await cloud.refused(
      'ModifyListener',
      { ListenerArn: listener, DefaultActions: [{ Type: 'forward', ForwardConfig: { TargetGroups: six } }] },
      'TooManyTargetGroups',
    );
    const self = [{ Type: 'redirect', RedirectConfig: { StatusCode: 'HTTP_301' } }];
    await cloud.refused('ModifyListener', { ListenerArn: listener, DefaultActions: self }, 'InvalidLoadBalancerAction');
    const wrongConditions = [
      [],
      [{ Field: 'cookie', Values: ['a'] }],
      [{ Field: 'path-pattern', Values: ['/a\n  http-request deny'] }],
      [{ Field: 'http-header', HttpHeaderConfig: { HttpHeaderName: 'a) -m found }', Values: ['b'] } }],
      [{ Field: 'source-ip', Values: ['10.0.0.0/33'] }],
      [{ Field: 'path-pattern', Values: ['/1', '/2', '/3', '/4', '/5', '/6'] }],
    ];
    for (const wrong of wrongConditions)
      await cloud.refused(
        'CreateRule',
        { ListenerArn: listener, Priority: 1, Conditions: wrong, Actions },
        'ValidationError',
      );
  });

  it('are undone when the balancer refuses them', async () => {
    const { balancer, group } = await fleet(cloud);
    cloud.context.balancer.apply = () => Promise.reject(new Error('cannot listen on 127.1.2.1:81: taken'));
    const DefaultActions = [{ Type: 'forward', TargetGroupArn: group }];
    await expect(
      cloud.call('CreateListener', { LoadBalancerArn: balancer, Protocol: 'HTTP', Port: 81, DefaultActions }),
    ).rejects.toThrow('127.1.2.1:81');
    expect((await cloud.call('DescribeListeners', { LoadBalancerArn: balancer })).Listeners).toHaveLength(1);
  });
});
