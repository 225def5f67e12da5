import {
  type Action,
  CreateListenerCommand,
  CreateRuleCommand,
  DeleteRuleCommand,
  DescribeListenerAttributesCommand,
  DescribeRulesCommand,
  ModifyListenerAttributesCommand,
  ModifyListenerCommand,
  ModifyTargetGroupAttributesCommand,
  type RuleCondition,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { describe, expect, it } from 'vitest';
import { openWorld, refusal, type World, type WorldOptions } from './support.ts';

let world: World;
const open = (options?: WorldOptions) =>
  openWorld((opened) => {
    world = opened;
  }, options);

const fixed = (MessageBody: string): Action => ({
  Type: 'fixed-response',
  FixedResponseConfig: { StatusCode: '503', ContentType: 'text/plain', MessageBody },
});
const forward = (...groups: [string, number][]): Action => ({
  Type: 'forward',
  ForwardConfig: { TargetGroups: groups.map(([TargetGroupArn, Weight]) => ({ TargetGroupArn, Weight })) },
});

describe('listeners and rules', () => {
  open();
  const rule = (ListenerArn: string, Priority: number, more: { conditions?: RuleCondition[]; action?: Action } = {}) =>
    world.elb.send(
      new CreateRuleCommand({
        ...{ ListenerArn, Priority, Actions: [more.action ?? fixed('closed')] },
        Conditions: more.conditions ?? [{ Field: 'path-pattern', Values: ['/x'] }],
      }),
    );

  it('ELB-LSN-01 listen with HTTP, one on each port', async () => {
    const LoadBalancerArn = await world.balancer();
    const listen = (Port: number, Protocol: 'HTTP' | 'HTTPS' = 'HTTP') =>
      world.elb.send(new CreateListenerCommand({ LoadBalancerArn, Port, Protocol, DefaultActions: [fixed('closed')] }));
    await listen(8001);
    expect(await refusal(listen(8001))).toBe('DuplicateListenerException');
    expect(await refusal(listen(8443, 'HTTPS'))).toBe('UnsupportedProtocolException');
  });

  it('ELB-LSN-06 have attributes, set all or none', async () => {
    const ListenerArn = await world.listener(await world.targetGroup());
    const Key = 'routing.http.response.x_frame_options.header_value';
    const set = (...Attributes: { Key: string; Value: string }[]) =>
      world.elb.send(new ModifyListenerAttributesCommand({ ListenerArn, Attributes }));
    const read = async () =>
      (await world.elb.send(new DescribeListenerAttributesCommand({ ListenerArn }))).Attributes ?? [];
    expect(await refusal(set({ Key, Value: 'DENY' }, { Key: 'unheard.of', Value: '1' }))).toBe('ValidationError');
    expect(await read()).toContainEqual({ Key, Value: '' });
    expect((await set({ Key, Value: 'DENY' })).Attributes).toEqual(await read());
    expect(await read()).toContainEqual({ Key, Value: 'DENY' });
  });

  it('ELB-LSN-02 forward to five target groups at the most, by weights of 0 to 999, changed in one call', async () => {
    const arns = await Promise.all(Array.from({ length: 6 }, () => world.targetGroup()));
    const [one = '', two = ''] = arns;
    const ListenerArn = await world.listener(one);
    const modify = (action: Action) =>
      world.elb.send(new ModifyListenerCommand({ ListenerArn, DefaultActions: [action] }));
    const { Listeners } = await modify(forward([one, 0], [two, 999]));
    const weights = Listeners?.[0]?.DefaultActions?.[0]?.ForwardConfig?.TargetGroups?.map(({ Weight }) => Weight);
    expect(weights).toEqual([0, 999]);
    expect(await refusal(modify(forward([one, 1000])))).toBe('ValidationError');
    expect(await refusal(modify(forward(...arns.map((arn): [string, number] => [arn, 1]))))).toBe(
      'TooManyTargetGroupsException',
    );
  });

  it('ELB-LSN-08 keep clients with their target group when asked to, without which their targets cannot be sticky', async () => {
    const [one, two] = [await world.targetGroup(), await world.targetGroup()];
    const ListenerArn = await world.listener(one);
    const modify = (config: { Enabled: boolean; DurationSeconds?: number }, ...groups: [string, number][]) => {
      const { ForwardConfig, ...action } = forward(...groups);
      const sticky = { ...action, ForwardConfig: { ...ForwardConfig, TargetGroupStickinessConfig: config } };
      return world.elb.send(new ModifyListenerCommand({ ListenerArn, DefaultActions: [sticky] }));
    };
    const targets = (Value: string) =>
      world.elb.send(
        new ModifyTargetGroupAttributesCommand({
          TargetGroupArn: two,
          Attributes: [{ Key: 'stickiness.enabled', Value }],
        }),
      );
    for (const DurationSeconds of [undefined, 0, 604_801]) {
      expect(await refusal(modify({ Enabled: true, DurationSeconds }, [one, 1], [two, 0]))).toBe('ValidationError');
    }
    await modify({ Enabled: false }, [one, 1], [two, 0]);
    expect(await refusal(targets('true'))).toBe('InvalidConfigurationRequestException');
    const { Listeners } = await modify({ Enabled: true, DurationSeconds: 604_800 }, [one, 1], [two, 0]);
    expect(Listeners?.[0]?.DefaultActions?.[0]?.ForwardConfig?.TargetGroupStickinessConfig).toEqual({
      ...{ Enabled: true, DurationSeconds: 604_800 },
    });
    await targets('true');
    expect(await refusal(modify({ Enabled: false }, [one, 0], [two, 1]))).toBe('InvalidConfigurationRequestException');
    await modify({ Enabled: false }, [two, 1]);
    expect(await refusal(modify({ Enabled: false }, [one, 1], [two, 0]))).toBe('InvalidConfigurationRequestException');
    await targets('false');
    await modify({ Enabled: false }, [one, 1], [two, 0]);
  });

  it('ELB-LSN-03 rules have priorities of their own from 1 to 50,000; the default one is the listener’s', async () => {
    const ListenerArn = await world.listener(await world.targetGroup());
    await rule(ListenerArn, 10);
    expect(await refusal(rule(ListenerArn, 10))).toBe('PriorityInUseException');
    expect(await refusal(rule(ListenerArn, 50_001))).toBe('ValidationError');
    const { Rules = [] } = await world.elb.send(new DescribeRulesCommand({ ListenerArn }));
    expect(Rules.map(({ Priority, IsDefault }) => [Priority, IsDefault])).toEqual([
      ['10', false],
      ['default', true],
    ]);
    const RuleArn = Rules[1]?.RuleArn;
    expect(await refusal(world.elb.send(new DeleteRuleCommand({ RuleArn })))).toBe('OperationNotPermittedException');
  });

  it('ELB-LSN-04 rules have five condition values at the most, fixed responses 1,024 bytes', async () => {
    const ListenerArn = await world.listener(await world.targetGroup());
    const paths = (n: number): RuleCondition[] => [
      { Field: 'path-pattern', Values: Array.from({ length: n }, (_, at) => `/${at}`) },
    ];
    await rule(ListenerArn, 1, { conditions: paths(5), action: fixed('x'.repeat(1024)) });
    expect(await refusal(rule(ListenerArn, 2, { conditions: paths(6) }))).toBe('ValidationError');
    expect(await refusal(rule(ListenerArn, 2, { action: fixed('x'.repeat(1025)) }))).toBe('ValidationError');
  });
});
