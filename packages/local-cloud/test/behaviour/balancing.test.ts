import { CreateSecurityGroupCommand, DeleteSecurityGroupCommand } from '@aws-sdk/client-ec2';
import {
  type Action,
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  CreateRuleCommand,
  DeleteLoadBalancerCommand,
  DeleteRuleCommand,
  DeleteTargetGroupCommand,
  DescribeAccountLimitsCommand,
  DescribeListenerAttributesCommand,
  DescribeListenersCommand,
  DescribeLoadBalancersCommand,
  DescribeRulesCommand,
  ModifyListenerAttributesCommand,
  ModifyListenerCommand,
  ModifyLoadBalancerAttributesCommand,
  ModifyTargetGroupAttributesCommand,
  RegisterTargetsCommand,
  type RuleCondition,
  SetSecurityGroupsCommand,
  SetSubnetsCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { request } from 'undici';
import { describe, expect, it } from 'vitest';
import { account } from '../../src/settings.ts';
import { openWorld, refusal, type World, type WorldOptions, webServer } from './support.ts';

let world: World;
const open = (options?: WorldOptions) =>
  openWorld((opened) => {
    world = opened;
  }, options);

const register = (TargetGroupArn: string, ...ids: string[]) =>
  world.elb.send(new RegisterTargetsCommand({ TargetGroupArn, Targets: ids.map((Id) => ({ Id })) }));
const healthIs = (arn: string, id: string, state: string | undefined) =>
  world.until(
    () => world.health(arn, id),
    (one) => one?.state === state,
  );
const fixed = (MessageBody: string): Action => ({
  Type: 'fixed-response',
  FixedResponseConfig: { StatusCode: '503', ContentType: 'text/plain', MessageBody },
});
const forward = (...groups: [string, number][]): Action => ({
  Type: 'forward',
  ForwardConfig: { TargetGroups: groups.map(([TargetGroupArn, Weight]) => ({ TargetGroupArn, Weight })) },
});

describe('load balancers', () => {
  open();
  const create = (Name: string, Subnets = Object.values(account.subnets)) =>
    world.elb.send(new CreateLoadBalancerCommand({ Name, Subnets }));
  const find = async (arn: string) =>
    (await world.elb.send(new DescribeLoadBalancersCommand({ LoadBalancerArns: [arn] }))).LoadBalancers?.[0];

  it('ELB-BAL-01 are provisioning for the delay, then active, at a loopback address of their own', async () => {
    const took = await world.took(async () => {
      const { LoadBalancers } = await create(world.name('balancer'));
      const arn = LoadBalancers?.[0]?.LoadBalancerArn ?? '';
      expect(LoadBalancers?.[0]).toMatchObject({ State: { Code: 'provisioning' }, Type: 'application' });
      expect(LoadBalancers?.[0]?.DNSName).toMatch(/^127\.\d+\.2\.\d+$/);
      await world.until(
        () => find(arn),
        (one) => one?.State?.Code === 'active',
      );
    });
    expect(took).toBeGreaterThanOrEqual(world.delays.balancerProvisioning);
  });

  it('ELB-BAL-02 are in two zones at the least, and made once', async () => {
    const Name = world.name('balancer');
    const [first = '', second = '', third = ''] = Object.values(account.subnets);
    expect(await refusal(create(Name, [first]))).toBe('ValidationError');
    const made = (await create(Name, [first, second])).LoadBalancers?.[0]?.LoadBalancerArn;
    expect((await create(Name, [first, second])).LoadBalancers?.[0]?.LoadBalancerArn).toBe(made);
    expect(await refusal(create(Name, [first, third]))).toBe('DuplicateLoadBalancerNameException');
  });

  it('ELB-BAL-03 that are protected stay; listeners and rules go with those that go, and the gone go again', async () => {
    const TargetGroupArn = await world.targetGroup();
    const ListenerArn = await world.listener(TargetGroupArn);
    const listeners = () => world.elb.send(new DescribeListenersCommand({ ListenerArns: [ListenerArn] }));
    const LoadBalancerArn = (await listeners()).Listeners?.[0]?.LoadBalancerArn ?? '';
    const protect = (Value: string) =>
      world.elb.send(
        new ModifyLoadBalancerAttributesCommand({
          ...{ LoadBalancerArn, Attributes: [{ Key: 'deletion_protection.enabled', Value }] },
        }),
      );
    const remove = () => world.elb.send(new DeleteLoadBalancerCommand({ LoadBalancerArn }));
    await protect('true');
    expect(await refusal(remove())).toBe('OperationNotPermittedException');
    await protect('false');
    await remove();
    await remove();
    expect(await refusal(listeners())).toBe('ListenerNotFoundException');
    await world.elb.send(new DeleteTargetGroupCommand({ TargetGroupArn }));
  });

  it('ELB-BAL-04 move to other subnets, one in each zone', async () => {
    const LoadBalancerArn = await world.balancer();
    const [first = '', second = ''] = Object.values(account.subnets);
    const set = (...Subnets: string[]) => world.elb.send(new SetSubnetsCommand({ LoadBalancerArn, Subnets }));
    expect(await refusal(set(first))).toBe('ValidationError');
    expect(await refusal(set(first, second, second))).toBe('InvalidConfigurationRequestException');
    expect(await refusal(set(first, 'subnet-1'))).toBe('SubnetNotFoundException');
    const { AvailabilityZones = [] } = await set(first, second);
    expect(AvailabilityZones.map(({ SubnetId }) => SubnetId)).toEqual([first, second]);
    expect((await find(LoadBalancerArn))?.AvailabilityZones).toEqual(AvailabilityZones);
  });

  it('ELB-BAL-05 take security groups that exist', async () => {
    const LoadBalancerArn = await world.balancer();
    const set = (...SecurityGroups: string[]) =>
      world.elb.send(new SetSecurityGroupsCommand({ LoadBalancerArn, SecurityGroups }));
    const { GroupId = '' } = await world.ec2.send(
      new CreateSecurityGroupCommand({ GroupName: world.name('web'), Description: 'web' }),
    );
    expect(await refusal(set(GroupId, 'sg-1'))).toBe('InvalidSecurityGroupException');
    expect((await set(GroupId)).SecurityGroupIds).toEqual([GroupId]);
    expect((await find(LoadBalancerArn))?.SecurityGroups).toEqual([GroupId]);
    expect(await refusal(world.ec2.send(new DeleteSecurityGroupCommand({ GroupId })))).toBe('DependencyViolation');
  });

  it('ELB-BAL-06 have limits, which can be read', async () => {
    const { Limits = [] } = await world.elb.send(new DescribeAccountLimitsCommand({}));
    const limit = (name: string) => Number(Limits.find(({ Name }) => Name === name)?.Max);
    expect([limit('target-groups'), limit('targets-per-application-load-balancer')]).toEqual([3000, 1000]);
    const LoadBalancerArn = await world.balancer();
    const listen = (Port: number) =>
      world.elb.send(
        new CreateListenerCommand({ LoadBalancerArn, Port, Protocol: 'HTTP', DefaultActions: [fixed('closed')] }),
      );
    for (let n = 0; n < limit('listeners-per-application-load-balancer'); n++) await listen(9000 + n);
    expect(await refusal(listen(9999))).toBe('TooManyListenersException');
  });
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

describe('a balancer of sandboxes', () => {
  open({ driver: 'sandbox' });
  const rule = (ListenerArn: string) =>
    world.elb.send(
      new CreateRuleCommand({
        ...{ ListenerArn, Priority: 1, Actions: [fixed('we are back soon')] },
        Conditions: [{ Field: 'path-pattern', Values: ['/closed/*'] }],
      }),
    );

  it('ELB-LSN-05 serves new connections by weights and rules as soon as the call is answered', async () => {
    const old = await world.targetGroup({ HealthCheckIntervalSeconds: 1, HealthCheckTimeoutSeconds: 1 });
    const fresh = await world.targetGroup({ HealthCheckIntervalSeconds: 1, HealthCheckTimeoutSeconds: 1 });
    const LoadBalancerArn = await world.balancer();
    const { Listeners } = await world.elb.send(
      new CreateListenerCommand({
        ...{ LoadBalancerArn, Port: 8000, Protocol: 'HTTP', DefaultActions: [forward([old, 100], [fresh, 0])] },
      }),
    );
    const ListenerArn = Listeners?.[0]?.ListenerArn ?? '';
    const ids = await Promise.all([old, fresh].map(() => world.running({ UserData: webServer })));
    await Promise.all([old, fresh].map((arn, at) => register(arn, ids[at] ?? '')));
    await Promise.all([old, fresh].map((arn, at) => healthIs(arn, ids[at] ?? '', 'healthy')));
    const { LoadBalancers } = await world.elb.send(
      new DescribeLoadBalancersCommand({ LoadBalancerArns: [LoadBalancerArn] }),
    );
    const ask = async (path = '/') => {
      const url = `http://${LoadBalancers?.[0]?.DNSName}:8000${path}`;
      // A connection that is kept open may bring one more answer of before.
      const { statusCode, body } = await request(url, { headers: { connection: 'close' } });
      return `${statusCode} ${await body.text()}`;
    };
    const hosts = await Promise.all(ids.map(async (id) => (await world.instance(id)).PrivateIpAddress));
    expect(await ask()).toBe(`200 ${hosts[0]}`);
    await world.elb.send(new ModifyListenerCommand({ ListenerArn, DefaultActions: [forward([old, 0], [fresh, 100])] }));
    for (let n = 0; n < 5; n++) expect(await ask()).toBe(`200 ${hosts[1]}`);
    await rule(ListenerArn);
    expect(await ask('/closed/now')).toBe('503 we are back soon');
    expect(await ask('/open')).toBe(`200 ${hosts[1]}`);
  });
});
